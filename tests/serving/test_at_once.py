"""What a customer does changes the next answer, in whichever process it is asked."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle, Store
from recommender.event_log import EventLog
from serving.app import create_app
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle


@pytest.fixture
def client(toy_bundle: Bundle, event_log: EventLog) -> FlaskClient:
    return create_app(FixedBundle(toy_bundle), LogJournal(event_log)).test_client()


def send(client: FlaskClient, event: str, item_id: str, **who: Any) -> None:
    answer = client.post("/v1/events", json={"event": event, "item_id": item_id, **who})
    assert answer.json == {"accepted": 1, "rejected": []}


def for_you(client: FlaskClient, who: str) -> dict[str, Any]:
    answer = client.get(f"/v1/for-you?k=8&{who}")
    assert answer.status_code == 200
    return dict(answer.json)


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def test_a_new_session_is_known_after_its_first_event(client: FlaskClient) -> None:
    before = for_you(client, "session_id=new")
    assert before["fallback"]["type"] == "unknown_session"
    assert client.get("/v1/for-you?session_id=new&strict=true").status_code == 404
    send(client, "view", "GRIND-1", session_id="new")
    after = for_you(client, "session_id=new")
    assert after["fallback"] is None
    assert ids(after) == ids(for_you(client, "item_id=GRIND-1"))
    assert after["rec_id"] != before["rec_id"]
    assert client.get("/v1/for-you?session_id=new&strict=true").status_code == 200


def test_a_purchase_is_owned_at_once_and_given_back_by_a_return(client: FlaskClient, toy_bundle: Bundle) -> None:
    user_id = toy_bundle.users.id_of(3)
    target = ids(for_you(client, f"user_id={user_id}"))[0]
    ask = f"/v1/popular?k=100&user_id={user_id}"
    assert target in ids(client.get(ask).json)
    send(client, "purchase", target, user_id=user_id)
    assert target not in ids(client.get(ask).json)
    send(client, "return", target, user_id=user_id)
    assert target in ids(client.get(ask).json)


def test_a_return_of_what_the_bundle_knows_takes_it_out_of_the_history(client: FlaskClient, toy_bundle: Bundle) -> None:
    items, _, bought, _ = toy_bundle.histories.row(0)
    target = next(
        toy_bundle.items.id_of(int(item))
        for item in items[bought > 0]
        if toy_bundle.catalogue.servable[item]
        and toy_bundle.catalogue.fields(int(item), ("in_stock",)).get("in_stock", True)
    )
    ask = f"/v1/popular?k=100&user_id={toy_bundle.users.id_of(0)}"
    before = client.get(ask).json
    assert target not in ids(before)
    send(client, "purchase", target, user_id=toy_bundle.users.id_of(0), quantity=-1)
    after = client.get(ask).json
    assert after["dropped"]["owned"] < before["dropped"]["owned"]


def test_a_merged_session_counts_for_the_user_also_where_the_bundle_knows_it(
    client: FlaskClient, toy_bundle: Bundle
) -> None:
    send(client, "view", "GRIND-1", session_id="visit")
    stored = toy_bundle.sessions.id_of(0)
    for session_id in ("visit", stored):
        answer = client.post("/v1/users/merge", json={"session_id": session_id, "user_id": "newcomer"})
        assert answer.status_code == 204
    merged = for_you(client, "user_id=newcomer")
    assert merged["fallback"] is None
    items = [toy_bundle.items.id_of(int(item)) for item in toy_bundle.histories.row(len(toy_bundle.users))[0]]
    assert not set(items) & set(ids(merged))
    assert "GRIND-1" not in ids(merged)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"session_id": "s"},
        {"session_id": "s", "user_id": ""},
        {"session_id": "s", "user_id": 7},
        {"session_id": "s", "user_id": "a\n"},
        {"session_id": "s", "user_id": "u", "more": 1},
    ],
)
def test_merging_takes_two_ids(client: FlaskClient, body: object) -> None:
    answer = client.post("/v1/users/merge", json=body)
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/invalid-body")


def test_an_erased_user_is_unknown_at_once_and_known_again_when_coming_back(
    client: FlaskClient, toy_bundle: Bundle, event_log: EventLog
) -> None:
    user_id = toy_bundle.users.id_of(0)
    send(client, "view", "GRIND-1", user_id=user_id)
    assert client.delete(f"/v1/users?user_id={user_id}").json == {"events_erased": 1}
    gone = for_you(client, f"user_id={user_id}")
    assert gone["fallback"]["type"] == "unknown_user"
    assert client.get(f"/v1/for-you?user_id={user_id}&strict=true").status_code == 404
    assert "owned" not in client.get(f"/v1/popular?k=50&user_id={user_id}").json["dropped"]
    send(client, "view", "TENT", user_id=user_id)
    assert ids(for_you(client, f"user_id={user_id}")) == ids(for_you(client, "item_id=TENT"))


def test_erasing_names_one_user(client: FlaskClient) -> None:
    assert client.delete("/v1/users").json["type"] == "/problems/missing-parameter"
    assert client.delete("/v1/users?user_id=a&user_id=b").json["type"] == "/problems/repeated-parameter"


def test_events_of_items_and_types_that_mean_nothing_change_nothing(client: FlaskClient, toy_bundle: Bundle) -> None:
    user_id = toy_bundle.users.id_of(1)
    before = for_you(client, f"user_id={user_id}")
    send(client, "view", "not in this shop", user_id=user_id)
    send(client, "impression", "GRIND-1", user_id=user_id)
    assert for_you(client, f"user_id={user_id}") == before


def test_events_older_than_the_bundles_data_are_in_it_already(client: FlaskClient, toy_bundle: Bundle) -> None:
    user_id = toy_bundle.users.id_of(1)
    before = for_you(client, f"user_id={user_id}")
    send(client, "purchase", "GRIND-1", user_id=user_id, timestamp=toy_bundle.as_of_seconds)
    assert for_you(client, f"user_id={user_id}") == before


def post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202


def test_every_worker_knows_at_once(own_store: Store, start_server: Callable[[Store, int], Any]) -> None:
    """Each answer is asked on a connection of its own, so several workers take part; none may be behind."""
    server = start_server(own_store, 3)
    for number in range(20):
        session = f"visit-{number}"
        post(f"{server.url}/v1/events", {"event": "view", "item_id": "GRIND-1", "session_id": session})
        answers: list[bytes] = []
        threads = [
            threading.Thread(target=lambda into, path: into.append(server.get(path)), args=(answers, path))
            for path in [f"/v1/for-you?session_id={session}"] * 6
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [json.loads(answer)["fallback"] for answer in answers] == [None] * 6


def test_a_killed_worker_loses_nothing_that_was_acknowledged(
    own_store: Store, start_server: Callable[[Store, int], Any]
) -> None:
    """The reduced form of benchmarks/killed_workers.py."""
    import os
    import signal

    server = start_server(own_store, 2)
    acknowledged: list[str] = []
    stop = threading.Event()

    def send_on(name: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            event_id = f"{name}-{number}"
            try:
                post(
                    f"{server.url}/v1/events",
                    {"event": "view", "item_id": "a", "session_id": "s", "event_id": event_id},
                )
            except (OSError, AssertionError):
                continue
            acknowledged.append(event_id)

    senders = [threading.Thread(target=send_on, args=(name,)) for name in range(4)]
    for sender in senders:
        sender.start()
    for _ in range(5):
        seen = len(acknowledged)
        server.wait_until(lambda seen=seen: len(acknowledged) > seen + 10 and len(server.workers()) == 2, 60)
        os.kill(server.workers()[0], signal.SIGKILL)
    stop.set()
    for sender in senders:
        sender.join()
    log = EventLog.at(f"sqlite:///{own_store.path.parent}/events.db", own_store.path)
    written = {row[0] for batch in log.batches(["event_id"], log.position()) for row in batch}
    log.close()
    assert set(acknowledged) <= written
