"""POST /v1/recommendations: a page without repeats, many users at once, and every way to ask it wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from recommender.bundle import Bundle
from recommender.event_log import EventLog
from recommender.placements import PLACEMENTS
from serving.answers import Pages
from serving.app import create_app
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle

ROUTE = "/v1/recommendations"
WHOLE_PAGE = [{"placement": name, "k": 8} for name in PLACEMENTS]
NAMES = list(PLACEMENTS)


def post(client: FlaskClient, **body: Any) -> TestResponse:
    return client.post(ROUTE, json=body)


def shown(page: dict[str, Any]) -> list[str]:
    return [item["item_id"] for slate in page["slates"] for item in slate["items"]]


@pytest.mark.parametrize("who", [{}, {"user_id": "u0042"}, {"session_id": "s0001"}])
def test_a_page_of_all_placements_shows_nothing_twice(
    client: FlaskClient, toy_bundle: Bundle, who: dict[str, str]
) -> None:
    response = post(client, item_id="TENT", placements=WHOLE_PAGE, **who)
    assert response.status_code == 200, response.json
    assert response.headers["Cache-Control"] == "private, no-store"
    Pages.model_validate(response.json)
    (page,) = response.json["pages"]
    assert [slate["placement"] for slate in page["slates"]] == NAMES
    assert {slate["model_version"] for slate in page["slates"]} == {response.json["model_version"]}
    items = shown(page)
    assert len(items) == len(set(items)) > 20
    groups = toy_bundle.catalogue.group[toy_bundle.items.indices_of(items)]
    assert len(set(groups.tolist())) == len(items)
    assert any("on_page" in slate["dropped"] for slate in page["slates"])


def test_the_first_slate_is_what_its_own_route_answers(client: FlaskClient) -> None:
    alone = client.get("/v1/also-bought?item_id=TENT&k=5").json
    (page,) = post(client, placements=[{"placement": "also-bought", "item_id": "TENT", "k": 5}]).json["pages"]
    assert page == {"user_id": None, "slates": [alone]}


def test_what_stands_beside_the_placements_holds_for_each_and_can_be_overruled(client: FlaskClient) -> None:
    (page,) = post(
        client,
        k=3,
        fields=["price"],
        filter=["price <= 60"],
        item_id="TENT",
        placements=[{"placement": "popular", "k": 4, "filter": "price > 60"}, {"placement": "trending"}],
    ).json["pages"]
    popular, trending = page["slates"]
    assert len(popular["items"]) == 4
    assert len(trending["items"]) == 3
    assert all(item["price"] > 60 for item in popular["items"])
    assert all(item["price"] <= 60 for item in trending["items"])


def test_many_users_get_what_each_gets_alone(client: FlaskClient) -> None:
    users = ["u0042", "007", "nobody", "🦊"]
    asked = {"placements": [{"placement": "for-you"}, {"placement": "popular"}]}
    batch = post(client, user_ids=users, **asked).json
    assert [page["user_id"] for page in batch["pages"]] == users
    for user, page in zip(users, batch["pages"], strict=True):
        (alone,) = post(client, user_id=user, **asked).json["pages"]
        assert page["slates"] == alone["slates"]


def test_a_hundred_users_at_once(client: FlaskClient, toy_bundle: Bundle) -> None:
    users = toy_bundle.users.ids_of(range(100))
    batch = post(client, user_ids=users, placements=[{"placement": "for-you"}]).json
    assert [page["user_id"] for page in batch["pages"]] == users
    assert all(page["slates"][0]["items"] for page in batch["pages"])


def test_what_just_happened_counts_on_a_page_too(toy_bundle: Bundle, event_log: EventLog) -> None:
    client = create_app(FixedBundle(toy_bundle), LogJournal(event_log)).test_client()
    asked = {"session_id": "new one", "placements": [{"placement": "for-you"}, {"placement": "popular"}]}
    (before,) = post(client, **asked).json["pages"]
    event = {"event": "view", "item_id": "TENT", "session_id": "new one"}
    assert client.post("/v1/events", json=event).status_code == 202
    (after,) = post(client, **asked).json["pages"]
    assert before["slates"][0]["fallback"]["type"] == "unknown_session"
    assert after["slates"][0]["fallback"] is None


POPULAR = [{"placement": "popular"}]


@pytest.mark.parametrize(
    ("body", "kind", "parameter"),
    [
        ([], "invalid-body", None),
        ("popular", "invalid-body", None),
        ({}, "invalid-body", "placements"),
        ({"placements": []}, "invalid-body", "placements"),
        ({"placements": POPULAR * 21}, "invalid-body", "placements"),
        ({"placements": [{}]}, "invalid-body", "placements[0].placement"),
        ({"placements": ["popular"]}, "invalid-body", "placements[0].placement"),
        ({"placements": [{"placement": "popula"}]}, "invalid-body", "placements[0].placement"),
        ({"placements": [{"placement": ["popular"]}]}, "invalid-body", "placements[0].placement"),
        ({"placements": [*POPULAR, {"placement": "popular", "k": 0}]}, "invalid-parameter", "placements[1].k"),
        ({"placements": [{"placement": "popular", "k": "5"}]}, "invalid-parameter", "placements[0].k"),
        ({"placements": [{"placement": "popular", "k": 5.0}]}, "invalid-parameter", "placements[0].k"),
        ({"placements": [{"placement": "popular", "k": True}]}, "invalid-parameter", "placements[0].k"),
        ({"placements": [{"placement": "popular", "k": None}]}, "invalid-parameter", "placements[0].k"),
        ({"placements": [{"placement": "popular", "item_id": "x"}]}, "unknown-parameter", "placements[0].item_id"),
        ({"placements": [{"placement": "also-bought"}]}, "missing-parameter", "placements[0].item_id"),
        (
            {"placements": [{"placement": "also-bought", "item_id": ["a", "b"]}]},
            "invalid-parameter",
            "placements[0].item_id",
        ),
        ({"placements": [{"placement": "popular", "exclude": []}]}, "repeated-parameter", "placements[0].exclude"),
        ({"placements": [{"placement": "popular", "filter": "x = 1"}]}, "unknown-field", "placements[0].filter"),
        ({"placements": [{"placement": "popular", "filter": [["x"]]}]}, "invalid-parameter", "placements[0].filter"),
        ({"placements": [{"placement": "popular", "min_price": -1}]}, "invalid-parameter", "placements[0].min_price"),
        ({"placements": POPULAR, "user_ids": []}, "invalid-body", "user_ids"),
        ({"placements": POPULAR, "user_ids": ["a"] * 101}, "invalid-body", "user_ids"),
        ({"placements": POPULAR, "user_ids": [1]}, "invalid-parameter", "user_ids[0].user_id"),
        ({"placements": POPULAR, "user_ids": ["a", ""]}, "invalid-parameter", "user_ids[1].user_id"),
        ({"placements": POPULAR, "user_ids": ["a"], "user_id": "b"}, "invalid-body", "user_id"),
        ({"placements": [{"placement": "popular", "k": 60}], "user_ids": ["a"] * 100}, "invalid-body", None),
        ({"placements": POPULAR, "kk": 3}, "unknown-parameter", "kk"),
        ({"placements": POPULAR, "k": 101}, "invalid-parameter", "k"),
    ],
    ids=str,
)
def test_a_wrong_page_is_refused_by_name(client: FlaskClient, body: Any, kind: str, parameter: str | None) -> None:
    response = client.post(ROUTE, json=body)
    assert response.status_code == 400, response.json
    assert (response.json["type"], response.json.get("parameter")) == (f"/problems/{kind}", parameter)


def test_strict_names_the_question_that_asks_for_an_unknown_id(client: FlaskClient) -> None:
    asked = [*POPULAR, {"placement": "also-bought", "item_id": "nix"}]
    response = post(client, strict=True, placements=asked)
    assert (response.status_code, response.json["parameter"]) == (404, "placements[1].item_id")
    assert post(client, placements=asked).status_code == 200


def test_bodies_that_are_none(client: FlaskClient) -> None:
    for data, kind, status in (
        (b"{", "application/json", 400),
        (b"{}", "text/html", 415),
        (b"{}", "text/plain", 400),
        (b"", "", 415),
    ):
        assert client.post(ROUTE, data=data, content_type=kind).status_code == status
    assert client.post(f"{ROUTE}?k=3", json={"placements": POPULAR}).json["type"] == "/problems/unknown-parameter"
    assert client.get(ROUTE).status_code == 405
