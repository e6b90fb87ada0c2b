"""What the pages show is what the store, the counters and the event log hold."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import orjson
import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from operations import Keys, follow_slates, make_app, shop_config

from recommender.bundle import Bundle, Store, changes
from recommender.dataset import Catalogue
from recommender.errors import StoreError
from recommender.event_log import EventLog
from serving.admin import formats
from serving.admin.overview import STALE_SECONDS
from serving.app import create_app
from serving.live_bundle import FixedBundle, LiveBundle

PATHS = (
    "",
    "traffic",
    "traffic?period=1h",
    "traffic?period=start",
    "outcomes",
    "outcomes?days=1&placement=popular",
    "training",
    "training/1",
    "versions",
    "versions/promote?version=v00001",
    "ask",
    "ask?placement=for-you&user_id=nobody",
    "ask?placement=also-bought&item_id=007&target=GRIND-1",
)


@pytest.fixture
def open_shop(store: Store) -> FlaskClient:
    """A client in development mode, without keys."""
    return make_app(shop_config(store.path.parent)).test_client()


@pytest.fixture
def log(store: Store) -> EventLog:
    return EventLog.at("sqlite:///events.db", store.path.parent)


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(f"/admin/{path}")
    assert answer.status_code == status
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.mark.parametrize("path", PATHS)
def test_pages_carry_a_policy_and_nothing_inline(open_shop: FlaskClient, path: str) -> None:
    answer = open_shop.get(f"/admin/{path}")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", answer.text)


@pytest.mark.parametrize(
    ("path", "status"),
    [("nothing", 404), ("a/b", 404), ("training/99", 404), ("traffic?period=x", 400), ("outcomes?days=2", 400)],
)
def test_errors_are_pages_too(open_shop: FlaskClient, path: str, status: int) -> None:
    answer = open_shop.get(f"/admin/{path}")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "To the overview" in answer.text


def test_the_overview_shows_what_is_live_and_the_last_run(open_shop: FlaskClient, toy_bundle: Bundle) -> None:
    page = text(open_shop, "")
    assert "Live version v00002" in page
    assert f"{len(toy_bundle.users):,}" in page
    assert "Workers 1" in page
    assert "Run 1 promoted" in page
    assert "Nothing is wrong" in page


def test_the_overview_raises_alarms(
    open_shop: FlaskClient, store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = json.loads((store.path / "runs" / "00001.json").read_text())
    refused = record | {"run": 2, "outcome": "refused", "exit_code": 4, "message": "worse than <best> sellers"}
    (store.path / "runs" / "00002.json").write_text(json.dumps(refused))
    monkeypatch.setattr(LiveBundle, "failed_version", lambda _: "v00009")
    monkeypatch.setattr("serving.admin.overview.model_age_seconds", lambda *_: STALE_SECONDS + 1)
    monkeypatch.setattr("serving.routes.recommendations._serialised", lambda *_: 1 / 0)
    assert open_shop.get("/v1/popular?k=99").status_code == 500
    page = text(open_shop, "")
    for alarm in (
        "v00009 was promoted but can't be loaded",
        "1 requests failed",
        "The last run, 2, was refused",
        "36 h",
    ):
        assert alarm in page
    assert "Run 2 refused (4)" in page
    assert "Worse than <best> sellers." in page
    assert "Nothing is wrong" not in page


def test_the_index_leads_here(open_shop: FlaskClient, toy_bundle: Bundle) -> None:
    assert 'href="/admin/"' in open_shop.get("/").text
    assert 'href="/admin/"' not in create_app(FixedBundle(toy_bundle)).test_client().get("/").text


def test_traffic_counts_what_was_asked(open_shop: FlaskClient) -> None:
    for _ in range(3):
        open_shop.get("/v1/also-bought?item_id=007&k=4")
    open_shop.get("/v1/also-bought?item_id=unknown&k=4")
    open_shop.get("/v1/popular?k=0")
    open_shop.post("/v1/events", json=[{"event": "view", "item_id": "a", "session_id": "s"}, {}])
    for period in ("5m", "1h", "start"):
        page = text(open_shop, f"traffic?period={period}")
        assert re.search(r"also-bought 4 25% unknown item 25% 0% [\d.]+ ms", page), page
        assert re.search(r"/v1/popular 1 [\d.]+ a \w+ 100% 0%", page)
        assert "6 requests of the API" in page
        assert "Accepted 1 Rejected 1" in page


def test_outcomes_are_those_of_the_log(open_shop: FlaskClient, log: EventLog) -> None:
    assert "No answer was logged" in text(open_shop, "outcomes")
    follow_slates(open_shop)
    found = {one.placement: one for one in log.outcomes(0.0)}
    assert (found["popular"].base, found["popular"].counted) == ("showings", 12)
    assert (found["popular"].clicked.successes, found["popular"].bought.successes) == (4, 2)
    page = text(open_shop, "outcomes?days=1")
    clicked, bought = (formats.interval(one) for one in (found["popular"].clicked, found["popular"].bought))
    assert f"popular 12 showings to 12 visitors 33% 4 {clicked} 17% 2 {bought} 5.00 EUR" in page
    assert f"trending {found['trending'].counted} answers" in page
    only = text(open_shop, "outcomes?days=1&placement=popular").partition("Top items")[2]
    assert len(re.findall(r" 12 4 2", only)) == 1


def test_a_log_that_is_down_is_said_and_the_rest_goes_on(open_shop: FlaskClient, store: Store) -> None:
    (store.path.parent / "events.db").write_text("this is no database, it is a text file; " * 200)
    assert "events.db" in text(open_shop, "outcomes")
    for path in ("", "traffic", "ask?placement=for-you&user_id=U1"):
        assert open_shop.get(f"/admin/{path}").status_code == 200


def test_without_an_event_log_outcomes_say_so(store: Store) -> None:
    client = make_app(shop_config(store.path.parent, event_log="")).test_client()
    assert "keeps no event log" in text(client, "outcomes")


def test_training_shows_runs_and_their_verdicts(open_shop: FlaskClient, store: Store) -> None:
    record = json.loads((store.path / "runs" / "00001.json").read_text())
    page = text(open_shop, "training")
    assert record["version"] in page
    assert record["verdict"][1:] in page
    details = text(open_shop, "training/1")
    for stage in record["stages"]:
        assert stage["name"] in details
    for guardrail in record["guardrails"]:
        assert guardrail["name"] in details
    (store.path / "runs" / "00001.json").unlink()
    assert "No run has left a record" in text(open_shop, "training")
    assert "No run has left a record" in text(open_shop, "")


def test_a_record_of_another_version_of_the_program_is_shown_as_far_as_it_goes(
    open_shop: FlaskClient, store: Store
) -> None:
    (store.path / "runs" / "00007.json").write_bytes(orjson.dumps({"run": 7, "outcome": "odd", "started_at": None}))
    assert "7 odd" in text(open_shop, "training")
    assert "Run 7 odd" in text(open_shop, "training/7")
    assert "Run 7 odd" in text(open_shop, "")


def test_a_store_without_a_current_version_says_what_to_do(open_shop: FlaskClient, store: Store) -> None:
    (store.path / "CURRENT").write_text("rubbish")
    assert "models promote VERSION" in text(open_shop, "versions", 503)
    assert open_shop.get("/admin/").status_code == 200


def test_a_damaged_version_can_not_be_promoted(open_shop: FlaskClient, store: Store) -> None:
    (store.path / "v00001" / "manifest.json").write_text("{}")
    page = text(open_shop, "versions")
    assert "v00001 damaged" in page
    assert "Promote v00001" not in page


def test_asking_gives_the_answer_of_the_api_with_its_reasons(open_shop: FlaskClient) -> None:
    page = text(open_shop, "ask?placement=also-bought&item_id=a%2Fb&k=6")
    slate = open_shop.get("/v1/also-bought?item_id=a%2Fb&k=6").json
    assert [item["item_id"] for item in slate["items"]] == re.findall(
        r"<small>([^<]+)</small></p>", open_shop.get("/admin/ask?placement=also-bought&item_id=a%2Fb&k=6").text
    )
    for item in slate["items"]:
        assert f"{item['title']} {item['item_id']} {item['reason']['text']}" in page
    assert "/v1/also-bought?item_id=a%2Fb&k=6" in page


def test_asking_why_gives_the_explanation_of_the_api(open_shop: FlaskClient) -> None:
    asked = "placement=popular&k=3&target=007"
    why = open_shop.get("/v1/why-not?placement=popular&k=3&item_id=007").json
    page = text(open_shop, f"ask?{asked}")
    assert why["text"][1:] in page
    assert f"Rank {why['rank']}" in page


def test_asking_wrongly_is_told_beside_the_form(open_shop: FlaskClient) -> None:
    assert "k must be a whole number from 1 to 100" in text(open_shop, "ask?placement=popular&k=900", 400)
    assert "item_id is required" in text(open_shop, "ask?placement=also-bought", 400)
    assert "'nonsense'" in text(open_shop, "ask?placement=popular&filter=nonsense", 400)
    assert "popular takes no item_id" in text(open_shop, "ask?placement=popular&item_id=007")
    lines = open_shop.get("/admin/ask?placement=cross-sell&item_id=007%0D%0A%0D%0Aa%2Fb%0D%0A")
    assert "/v1/cross-sell?item_id=007&amp;item_id=a%2Fb" in lines.text


def test_what_is_asked_here_is_neither_counted_nor_logged(open_shop: FlaskClient, log: EventLog) -> None:
    text(open_shop, "ask?placement=for-you&user_id=U1")
    assert "for-you 0" in text(open_shop, "traffic?period=start")
    open_shop.get("/v1/for-you?user_id=U2")
    open_shop.post("/v1/events", json={"event": "view", "item_id": "a", "session_id": "s"})  # commits what waits
    assert log.counts()["slates"] == 1


def test_hostile_texts_are_only_texts(store: Store, toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    attack = "<script>alert(1)</script>\"'"
    table = toy_bundle.catalogue.table
    titles = pa.array([attack] * len(table), type=pa.string())
    column = table.schema.get_field_index("title")
    hostile = dataclasses.replace(toy_bundle, catalogue=Catalogue(table.set_column(column, "title", titles)))
    monkeypatch.setattr(LiveBundle, "bundle", lambda _: hostile)
    record = json.loads((store.path / "runs" / "00001.json").read_text())
    hostile_run = record | {"run": 2, "message": attack, "outcome": attack, "overruled": [attack]}
    (store.path / "runs" / "00002.json").write_text(json.dumps(hostile_run))
    with pytest.raises(StoreError):
        changes.promote(store, attack, attack)
    client = make_app(shop_config(store.path.parent)).test_client()
    follow_slates(client)
    asked = {"placement": "also-bought", "item_id": "007", "user_id": attack, "target": attack}
    pages = [client.get(f"/admin/{path}").text for path in ("", "outcomes", "training", "training/2", "versions")]
    pages += [client.get("/admin/ask", query_string=asked).text, client.get(f"/admin/{attack}").text]
    for page in pages:
        assert "<script" not in page
        assert "alert(1)" in page


def test_a_change_by_its_form_is_done_and_on_record(
    operator: FlaskClient, store: Store, change: Callable[..., Any]
) -> None:
    answer = change("rollback", "v00001")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/versions?changed=v00001")
    assert store.current() == "v00001"
    (record,) = changes.changes(store.path)
    assert (record.action, record.before, record.to, record.outcome) == ("rollback", "v00002", "v00001", "done")
    assert re.fullmatch(r"key [0-9a-f]{8} \(admin\)", record.by)
    page = text(operator, "versions?changed=v00001")
    assert "v00001 is live in place of v00002" in page
    assert record.by in page
    assert change("promote", "v00002", live="v00001").status_code == 303
    assert store.current() == "v00002"


def test_whoever_confirms_what_has_moved_changes_nothing(
    operator: FlaskClient, store: Store, change: Callable[..., Any]
) -> None:
    answer = change("rollback", "v00001", live="v00009")
    assert answer.status_code == 409
    assert "v00002 is live by now, no longer v00009" in unescape(answer.text)
    with store.locked():
        answer = change("rollback", "v00001")
    assert answer.status_code == 409
    assert "another run is writing to this store" in answer.text
    assert store.current() == "v00002"


def test_keys_of_this_page_are_in_no_answer(operator: FlaskClient, keys: Keys) -> None:
    for path in PATHS:
        page = operator.get(f"/admin/{path}").text
        assert not any(key in page for key in keys.values())
