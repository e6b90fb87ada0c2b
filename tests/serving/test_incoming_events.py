"""POST /v1/events: what is taken, what is refused and why, and that it is there before the answer."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.event_log import EventLog, LoggedEvent
from serving.app import create_app
from serving.bodies import MAX_BODY_BYTES
from serving.incoming_events import judge
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle

NOW = 1_790_000_000.0
VIEW = {"event": "view", "item_id": "007", "session_id": "S1"}


@pytest.fixture
def client(toy_bundle: Bundle, event_log: EventLog) -> FlaskClient:
    return create_app(FixedBundle(toy_bundle), LogJournal(event_log)).test_client()


def one(event: dict[str, Any]) -> LoggedEvent:
    (found,) = judge(event, NOW, lambda user_id, token: True).events
    return found


def refusal(event: Any) -> str:
    judged = judge([event], NOW, lambda user_id, token: True)
    assert (judged.accepted, judged.events, len(judged.rejected)) == (0, [], 1)
    return str(judged.rejected[0]["reason"])


def test_events_are_in_the_log_before_the_answer(client: FlaskClient, event_log: EventLog) -> None:
    answer = client.post(
        "/v1/events", json=[VIEW, {"event": "view"}, VIEW | {"event_id": "e"}, VIEW | {"event_id": "e"}]
    )
    assert answer.status_code == 202
    assert answer.json["accepted"] == 3
    assert answer.json["rejected"] == [
        {"index": 1, "reason": "user_id, session_id and order_id are all missing; one of them must say who it was"}
    ]
    assert answer.headers["Cache-Control"] == "no-store"
    assert event_log.counts()["events"] == 2


@pytest.mark.parametrize("content_type", ["application/json", "text/plain;charset=UTF-8"])
def test_a_beacon_is_a_text(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/v1/events", data=json.dumps(VIEW), content_type=content_type)
    assert (answer.status_code, answer.json["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "kind"),
    [
        (b"{", "application/json", 400, "malformed-body"),
        (b"", "application/json", 400, "malformed-body"),
        (b"\xff\xfe", "application/json", 400, "malformed-body"),
        (b'{"event": NaN}', "application/json", 400, "malformed-body"),
        (b'"\\ud800"', "application/json", 400, "malformed-body"),
        (b"[" * 100_000, "application/json", 400, "malformed-body"),
        (b"[" * 18 + b"]" * 18, "application/json", 400, "malformed-body"),
        (b"[]", "application/json", 400, "invalid-body"),
        (b"7", "application/json", 400, "invalid-body"),
        (b"[" + b"1," * 200 + b"1]", "application/json", 400, "invalid-body"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b"{}", "", 415, "unsupported-media-type"),
        (b" " * (MAX_BODY_BYTES + 1), "application/json", 413, "body-too-large"),
    ],
)
def test_other_bodies_are_problems(client: FlaskClient, body: bytes, content_type: str, status: int, kind: str) -> None:
    answer = client.post("/v1/events", data=body, content_type=content_type)
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{kind}")


def test_unknown_parameters_are_refused(client: FlaskClient) -> None:
    assert client.post("/v1/events?session_id=S1", json=VIEW).json["type"] == "/problems/unknown-parameter"


def test_all_that_may_be_said_is_kept() -> None:
    said = {
        "event": " Purchase ", "event_id": 12, "item_id": 9007199254740993, "user_id": "U1", "session_id": "S1",
        "timestamp": "2026-07-01T12:00:00+02:00", "quantity": 2, "price": "9.5", "currency": "EUR", "order_id": "O1",
        "rec_id": "r", "position": 3, "colour": "ignored",
    }  # fmt: skip
    assert one(said) == LoggedEvent(
        "12", "purchase", 1_782_900_000, NOW, "9007199254740993", "U1", "S1", 2.0, 9.5, "EUR", "O1", "r", 3
    )


def test_what_is_left_out_is_filled_in() -> None:
    found, other = one(VIEW), one(VIEW)
    assert (found.timestamp, found.received_at) == (int(NOW), NOW)
    assert len(found.event_id) == 32
    assert found.event_id != other.event_id


@pytest.mark.parametrize(
    "given", [1_782_900_000, 1_782_900_000_123, 1_782_900_000_123_456, "1782900000", 1_782_900_000.9]
)
def test_epochs_are_told_by_their_size(given: object) -> None:
    assert one(VIEW | {"timestamp": given}).timestamp == 1_782_900_000


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"event": None}, "event is missing"),
        ({"event": "  "}, "event is missing"),
        ({"event": "x" * 65}, "event must be at most 64 bytes"),
        ({"event": ["view"]}, "event must be a string"),
        ({"item_id": ""}, "item_id is missing"),
        ({"item_id": 1.5}, "item_id must be a string"),
        ({"item_id": True}, "item_id must be a string"),
        ({"item_id": "é" * 129}, "item_id must be at most 256 bytes"),
        ({"session_id": "a\nb"}, "session_id must not contain control characters"),
        ({"timestamp": "yesterday"}, "timestamp must be RFC 3339"),
        ({"timestamp": True}, "timestamp must be RFC 3339"),
        ({"timestamp": 1e300}, "timestamp lies more than a day ahead"),
        ({"timestamp": NOW + 90_000}, "timestamp lies more than a day ahead"),
        ({"timestamp": 1_000}, "timestamp must not lie before 1990"),
        ({"quantity": 0}, "quantity must not be 0"),
        ({"quantity": "two"}, "quantity must be a number"),
        ({"quantity": True}, "quantity must be a number"),
        ({"price": -1}, "price must not be negative"),
        ({"price": 1e13}, "price must be a number"),
        ({"position": -1}, "position must be a whole number"),
        ({"position": 1.5}, "position must be a whole number"),
        ({"items": []}, "items must be an array of 1 to 200"),
        ({"items": ["007"]}, "items must be an array of objects"),
        ({"items": [{"item_id": "a"}, {}]}, "item_id is missing"),
    ],
)
def test_what_is_wrong_with_an_event_is_said(changes: dict[str, Any], says: str) -> None:
    assert refusal(VIEW | changes).startswith(says)


@pytest.mark.parametrize("event", [None, 7, "view", [VIEW]])
def test_an_event_is_an_object(event: object) -> None:
    assert refusal(event) == "an event must be an object"


def test_lines_of_an_order_are_events_of_their_own_and_still_count_once() -> None:
    order = {
        "event": "purchase", "event_id": "e", "user_id": "U1", "order_id": "O1", "quantity": 9, "price": 1.0,
        "items": [{"item_id": "a", "quantity": 2}, {"item_id": "b", "price": 3.5, "position": 2}],
    }  # fmt: skip
    first, again = (judge(order, NOW, lambda user_id, token: True) for _ in range(2))
    assert first.accepted == 1
    assert [(line.item_id, line.quantity, line.price, line.position) for line in first.events] == [
        ("a", 2.0, 1.0, None),
        ("b", 9.0, 3.5, 2),
    ]
    ids = [line.event_id for line in first.events]
    assert ids == [line.event_id for line in again.events]
    assert len(set(ids)) == 2


def told(body: Any) -> list[tuple[object, ...]]:
    judged = judge(body, NOW, lambda user_id, token: True)
    assert judged.rejected == []
    return [
        (e.event, e.item_id, e.user_id, e.session_id, e.quantity, e.price, e.order_id, e.rec_id, e.position)
        for e in judged.events
    ]


def test_google_analytics_4() -> None:
    """The Measurement Protocol's body, and what a page pushes to its data layer."""
    sent = {
        "client_id": "C1", "user_id": "U1", "timestamp_micros": 1_782_900_000_000_000,
        "events": [
            {"name": "select_item", "params": {"items": [{"item_id": "a", "index": 2, "rec_id": "r"}]}},
            {"name": "purchase", "params": {
                "transaction_id": "O1", "currency": "EUR",
                "items": [{"item_id": "a", "quantity": 2, "price": 3}, {"item_id": "b"}]}},
        ],
    }  # fmt: skip
    assert told(sent) == [
        ("select_item", "a", "U1", "C1", None, None, None, "r", 2),
        ("purchase", "a", "U1", "C1", 2.0, 3.0, "O1", None, None),
        ("purchase", "b", "U1", "C1", None, None, "O1", None, None),
    ]
    pushed = {"event": "view_item", "ecommerce": {"items": [{"item_id": "a"}]}, "session_id": "S1"}
    assert told(pushed) == [("view_item", "a", None, "S1", None, None, None, None, None)]


def test_google_retail() -> None:
    sent = {
        "eventType": "purchase-complete", "visitorId": "V1", "userInfo": {"userId": "U1"},
        "eventTime": "2026-07-01T12:00:00Z", "attributionToken": "r",
        "purchaseTransaction": {"id": "O1", "currencyCode": "EUR", "revenue": 5},
        "productDetails": [{"product": {"id": "a"}, "quantity": 2}, {"product": {"id": "b"}}],
    }  # fmt: skip
    assert told(sent) == [
        ("purchase-complete", "a", "U1", "V1", 2.0, None, "O1", "r", None),
        ("purchase-complete", "b", "U1", "V1", None, None, "O1", "r", None),
    ]


def test_segment() -> None:
    viewed = {
        "type": "track", "event": "Product Viewed", "anonymousId": "A1", "messageId": "m1",
        "properties": {"product_id": "a", "price": 2.5, "position": 1, "rec_id": "r"},
    }  # fmt: skip
    ordered = {
        "type": "track", "event": "Order Completed", "userId": "U1", "messageId": "m2",
        "properties": {"order_id": "O1", "products": [{"product_id": "a", "quantity": 1}, {"sku": "b"}]},
    }  # fmt: skip
    assert told({"batch": [viewed, ordered]}) == [
        ("product viewed", "a", None, "A1", None, 2.5, None, "r", 1),
        ("order completed", "a", "U1", None, 1.0, None, "O1", None, None),
        ("order completed", "b", "U1", None, None, None, "O1", None, None),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"eventType": "view", "userInfo": 7, "productDetails": 7},
        {"eventType": "view", "visitorId": "v", "productDetails": [{"product": {"priceInfo": 3}}]},
        {"event": "view", "params": 7, "ecommerce": {}, "session_id": "s"},
        {"eventType": "view", "visitorId": "v", "productDetails": [{"product": 3}]},
        {"name": "view", "params": {"items": "a"}},
        {"event": "view", "ecommerce": {"items": [7]}},
        {"messageId": 7, "properties": 7},
        {"properties": {"products": [[]]}},
    ],
)
def test_broken_forms_of_others_are_refused_not_failures(broken: dict[str, Any]) -> None:
    assert refusal(broken)


def test_a_log_that_is_down_refuses_events_and_answers_go_on(
    client: FlaskClient, event_log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/events", json=VIEW)
    event_log.close()
    monkeypatch.setattr(event_log.database, "url", event_log.database.url.set(database="/nowhere/events.db"))
    monkeypatch.setattr(event_log.database, "exists", lambda: True)
    for call in (
        lambda: client.post("/v1/events", json=VIEW),
        lambda: client.post("/v1/users/merge", json={"session_id": "S1", "user_id": "U1"}),
        lambda: client.delete("/v1/users?user_id=U1"),
    ):
        answer = call()
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/event-log-down")
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/v1/for-you?session_id=S1").status_code == 200


def test_without_a_log_events_are_refused(toy_bundle: Bundle) -> None:
    answer = create_app(FixedBundle(toy_bundle)).test_client().post("/v1/events", json=VIEW)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/no-event-log")


def test_what_was_served_is_kept_for_attribution(client: FlaskClient, event_log: EventLog) -> None:
    answer = client.get("/v1/for-you?user_id=U1&k=3").json
    client.post(
        "/v1/events", json=VIEW | {"rec_id": answer["rec_id"], "position": 1, "item_id": answer["items"][0]["item_id"]}
    )
    end = time.monotonic() + 5
    while not event_log.counts()["slates"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    served = sum(row.served for row in event_log.attributed())
    viewed = sum(row.viewed for row in event_log.attributed())
    assert (served, viewed) == (3, 1)


def test_none_is_kept_where_none_is_wanted(toy_bundle: Bundle, event_log: EventLog) -> None:
    client = create_app(FixedBundle(toy_bundle), LogJournal(event_log, 0.0)).test_client()
    client.get("/v1/for-you?user_id=U1")
    client.post("/v1/events", json=VIEW)
    assert event_log.counts()["slates"] == 0
