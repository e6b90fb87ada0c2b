"""GET /v1/why-not: the rank before rules and the step that removed an item."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.placements import PLACEMENTS, Query, explain, recommend
from serving.answers import WhyNot


def why_not(client: FlaskClient, **asked: Any) -> Any:
    response = client.get("/v1/why-not", query_string=asked)
    assert response.status_code == 200, response.json
    assert response.headers["Cache-Control"] == "private, no-store"
    WhyNot.model_validate(response.json)
    return response.json


@pytest.mark.parametrize("name", PLACEMENTS)
def test_it_is_the_engines_explanation(client: FlaskClient, toy_bundle: Bundle, name: str) -> None:
    anchors = ("TENT",) if PLACEMENTS[name].anchor in ("item", "basket") else ()
    query = Query(name, k=5, user_id="u0042", item_ids=anchors, filter=("price <= 60",))
    for item in ("PEGS", "BACKPACK", "LAMP", "no such item"):
        found = why_not(
            client, placement=name, item_id=item, user_id="u0042", k=5, filter="price <= 60", anchor_id=list(anchors)
        )
        assert found == explain(toy_bundle, query, item).to_dict()


def test_the_step_that_removed_it(client: FlaskClient, toy_bundle: Bundle) -> None:
    items = [item["item_id"] for item in recommend(toy_bundle, Query("popular", k=5)).items]
    asked = {"placement": "popular", "item_id": items[1]}
    stands = why_not(client, **asked)
    assert (stands["type"], stands["rank"], stands["rank_without_rules"], stands["removed_by"]) == (
        "in_slate",
        2,
        2,
        None,
    )
    assert why_not(client, **asked, exclude=items[1])["removed_by"] == "excluded"
    ruled = why_not(client, **asked, filter="price < 0")
    assert (ruled["rank"], ruled["rank_without_rules"], ruled["removed_by"]) == (None, 1, "filter")
    assert "price < 0" in ruled["text"]
    assert why_not(client, **asked, k=1)["removed_by"] == "k"
    assert why_not(client, placement="popular", item_id="?")["removed_by"] == "unknown_item"
    same = why_not(client, placement="also-bought", item_id="TENT", anchor_id="TENT")
    assert same["removed_by"] == "asked_with"


@pytest.mark.parametrize(
    ("asked", "status", "kind", "parameter"),
    [
        ({}, 400, "missing-parameter", "placement"),
        ({"placement": "popular"}, 400, "missing-parameter", "item_id"),
        ({"placement": "home", "item_id": "TENT"}, 400, "invalid-parameter", "placement"),
        ({"placement": "also-bought", "item_id": "TENT"}, 400, "invalid-parameter", "anchor_id"),
        ({"placement": "popular", "item_id": "TENT", "anchor_id": "PEGS"}, 400, "invalid-parameter", "anchor_id"),
        ({"placement": "popular", "item_id": "TENT", "fields": "title"}, 400, "unknown-parameter", "fields"),
        ({"placement": "popular", "item_id": "TENT", "filter": "x = 1"}, 400, "unknown-field", "filter"),
        ({"placement": "popular", "item_id": ["TENT", "PEGS"]}, 400, "repeated-parameter", "item_id"),
        (
            {"placement": "also-bought", "item_id": "TENT", "anchor_id": "nix", "strict": "true"},
            404,
            "unknown-id",
            "anchor_id",
        ),
    ],
)
def test_a_wrong_question(client: FlaskClient, asked: dict[str, Any], status: int, kind: str, parameter: str) -> None:
    response = client.get("/v1/why-not", query_string=asked)
    assert response.status_code == status
    assert (response.json["type"], response.json["parameter"]) == (f"/problems/{kind}", parameter)
