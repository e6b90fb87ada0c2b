"""What every route of a placement takes besides its anchor: filter, fields, diversity, locale, explain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.dataset import Catalogue
from recommender.placements import PLACEMENTS, Query, recommend
from serving.answers import Answer
from serving.app import create_app
from serving.live_bundle import FixedBundle

ASKED = {"item": {"item_id": "TENT"}, "basket": {"item_id": ["TENT", "PEGS"]}, "user": {"user_id": "u0042"}, None: {}}
POPULAR = "/v1/popular"


def get(client: FlaskClient, name: str, **more: Any) -> Any:
    return client.get(f"/v1/{name}", query_string={**ASKED[PLACEMENTS[name].anchor], **more})


@pytest.mark.parametrize("name", PLACEMENTS)
def test_every_placement_takes_all_of_them(client: FlaskClient, toy_bundle: Bundle, name: str) -> None:
    more = {"filter": ["price <= 60", "category under Outdoor | Office"], "fields": "brand,category,created_at"}
    response = get(client, name, **more, diversity="0.4", locale="de-AT", explain="true", k=5)
    assert response.status_code == 200, response.json
    answer = Answer.model_validate(response.json)
    for item in response.json["items"]:
        number = toy_bundle.items.index_of(item["item_id"])
        assert toy_bundle.catalogue.price[number] <= 60
        assert item["category"].split(" > ")[0] in ("Outdoor", "Office")
        assert item["brand"]
        assert item["created_at"].endswith("Z")
        assert not {"title", "price"} & set(item)
    assert all(item.explanation is not None for item in answer.items)
    assert answer.items or name in ("new-arrivals", "up-sell")


def test_the_answer_is_the_engines(client: FlaskClient, toy_bundle: Bundle) -> None:
    query = Query("popular", filter=("brand = Fjell | Lagerfield",), fields=("brand", "price"), diversity=0.5)
    asked = {"filter": "brand = Fjell | Lagerfield", "fields": ["brand", "price"], "diversity": "0.5"}
    assert client.get(POPULAR, query_string=asked).json == recommend(toy_bundle, query).to_dict()


def test_contributions_add_up_to_the_raw_score(client: FlaskClient) -> None:
    for item in get(client, "for-you", explain="true").json["items"]:
        parts = item["explanation"]["contributions"]
        assert parts
        assert sum(part["score"] for part in parts) == pytest.approx(item["explanation"]["raw_score"], abs=1e-4)
        assert 0 < item["score"] < 1
    assert "explanation" not in get(client, "for-you").json["items"][0]


@pytest.mark.parametrize(
    ("asked", "kind", "parameter", "says"),
    [
        ({"filter": "bran = x"}, "unknown-field", "filter", "did you mean 'brand'?"),
        ({"filter": "price = cheap"}, "invalid-filter", "filter", "price is compared with a number"),
        ({"filter": "brand > x"}, "invalid-filter", "filter", "brand holds a text"),
        ({"filter": "nonsense"}, "invalid-filter", "filter", "FIELD OPERATOR VALUE"),
        ({"filter": ["price > 1", "price < x"]}, "invalid-filter", "filter", "price < x"),
        ({"filter": ["price > 1"] * 21}, "repeated-parameter", "filter", "at most 20 times"),
        ({"filter": ""}, "invalid-parameter", "filter", "must not be empty"),
        ({"filter": "price > 1\n"}, "invalid-parameter", "filter", "control characters"),
        ({"fields": "title,colour"}, "unknown-field", "fields", "no field 'colour'"),
        ({"fields": "title,,brand"}, "unknown-field", "fields", "no field ''"),
        ({"fields": "score"}, "invalid-parameter", "fields", "a key of every answer"),
        ({"fields": "listed"}, "unknown-field", "fields", "no field 'listed'"),
        ({"diversity": "1.5"}, "invalid-parameter", "diversity", "from 0 to 1"),
        ({"diversity": "nan"}, "invalid-parameter", "diversity", "from 0 to 1"),
        ({"locale": "english please"}, "invalid-parameter", "locale", "en, de or pt-BR"),
        ({"explain": "1"}, "invalid-parameter", "explain", "true or false"),
    ],
)
def test_what_is_wrong_is_named(
    client: FlaskClient, asked: dict[str, Any], kind: str, parameter: str, says: str
) -> None:
    response = client.get(POPULAR, query_string=asked)
    assert response.status_code == 400
    assert response.json["type"] == f"/problems/{kind}"
    assert response.json["parameter"] == parameter
    assert says in response.json["detail"]


def test_a_field_of_the_standard_that_a_shop_lacks_is_no_error(toy_bundle: Bundle) -> None:
    table = toy_bundle.catalogue.table
    bundle = replace(toy_bundle, catalogue=Catalogue(table.drop_columns(["image_url"])))
    client = create_app(FixedBundle(bundle)).test_client()
    items = client.get(POPULAR, query_string={"fields": "title,image_url"}).json["items"]
    assert all("title" in item and "image_url" not in item for item in items)


@pytest.mark.parametrize("more", ["filter=price<=20", "fields=brand", "diversity=0.9", "locale=de", "explain=true"])
def test_each_makes_another_question(client: FlaskClient, more: str) -> None:
    plain, other = client.get(POPULAR), client.get(f"{POPULAR}?{more}")
    assert plain.headers["ETag"] != other.headers["ETag"]
    assert other.headers["Cache-Control"] == "public, max-age=60"
