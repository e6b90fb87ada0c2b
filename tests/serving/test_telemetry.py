"""Figures for Prometheus, over all workers; lines of the log; ids of requests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from recommender.bundle import Bundle, Store
from recommender.event_log import EventLog
from serving.app import create_app
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle, LiveBundle
from serving.telemetry import Telemetry

StartServer = Callable[..., Any]
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(text: str) -> Figures:
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def figure(found: Figures, name: str, **labels: str) -> float:
    return sum(
        value
        for (sample, given), value in found.items()
        if sample == f"alsobought_{name}" and labels.items() <= dict(given).items()
    )


@pytest.fixture
def client(toy_bundle: Bundle, event_log: EventLog) -> FlaskClient:
    telemetry = Telemetry()
    journal = LogJournal(event_log, telemetry=telemetry)
    return create_app(FixedBundle(toy_bundle), journal, telemetry=telemetry).test_client()


def scrape(client: FlaskClient) -> Figures:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return figures(answer.text)


def test_answers_are_counted_by_placement_source_fallback_and_rule(client: FlaskClient) -> None:
    for _ in range(3):  # the second and third come out of the worker's memory
        slate = client.get("/v1/also-bought?item_id=007&k=8").json
    client.get("/v1/also-bought?item_id=unknown&k=4")
    client.get("/v1/popular?min_price=15&k=100")
    found = scrape(client)
    assert figure(found, "slates_total", placement="also-bought") == 4
    of_007 = sum(figure(found, "items_total", placement="also-bought", source=source) for source in {
        item["source"] for item in slate["items"]
    })  # fmt: skip
    assert of_007 >= 3 * len(slate["items"])
    assert figure(found, "items_total", placement="also-bought") == 3 * len(slate["items"]) + 4
    assert figure(found, "fallbacks_total", placement="also-bought", type="unknown_item") == 1
    assert figure(found, "shortfalls_total", placement="popular") == 1
    assert figure(found, "dropped_total", placement="popular", rule="price") > 0


def test_requests_are_counted_and_timed_by_route(client: FlaskClient) -> None:
    client.get("/v1/popular")
    client.get("/v1/popular?k=0")
    client.get("/nowhere/user-17")
    client.open("/v1/popular", method="BREW")
    found = scrape(client)
    assert figure(found, "requests_total", route="/v1/popular", method="GET", status="200") == 1
    assert figure(found, "requests_total", route="/v1/popular", status="400") == 1
    assert figure(found, "requests_total", route="none", status="404") == 1
    assert figure(found, "requests_total", method="other") == 1
    assert figure(found, "request_seconds_count", route="/v1/popular") == 2


def test_events_their_lag_and_the_log_are_counted(
    client: FlaskClient, event_log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/events", json=[{"event": "view", "item_id": "a", "session_id": "s"}, {}])
    found = scrape(client)
    assert figure(found, "events_total", outcome="accepted") == 1
    assert figure(found, "events_total", outcome="rejected") == 1
    assert figure(found, "event_lag_seconds_count") == 1
    assert figure(found, "event_log_commit_seconds_count") >= 1
    event_log.close()
    monkeypatch.setattr(event_log.database, "url", event_log.database.url.set(database="/nowhere/events.db"))
    client.delete("/v1/users?user_id=U1")
    assert figure(scrape(client), "event_log_failures_total", operation="write") == 1


def test_no_label_holds_an_id(client: FlaskClient) -> None:
    client.get("/v1/for-you?user_id=private-person&session_id=private-visit&item_id=private-item")
    client.post("/v1/events", json={"event": "private-event", "item_id": "private-item", "user_id": "private-person"})
    client.get("/private-path")
    assert "private" not in client.get("/metrics").text


def test_a_version_that_can_not_be_loaded_is_an_alarm_until_the_next(own_store: Store, toy_bundle: Bundle) -> None:
    live = LiveBundle(own_store, 60)
    client = create_app(live).test_client()
    live.refresh()
    before = scrape(client)
    assert figure(before, "reload_failed") == 0
    assert figure(before, "workers", version=toy_bundle.version) == 1
    assert 0 <= figure(before, "model_age_seconds") < 3600
    with own_store.locked():
        second, third = (own_store.publish(toy_bundle) for _ in range(2))
        own_store.promote(second)
    (own_store.path / second / "manifest.json").write_text("{}")
    live.refresh()
    live.refresh()
    broken = scrape(client)
    assert (figure(broken, "reload_failed"), figure(broken, "reload_failures_total")) == (1, 1)
    with own_store.locked():
        own_store.promote(third)
    live.refresh()
    after = scrape(client)
    assert (figure(after, "reload_failed"), figure(after, "reload_failures_total")) == (0, 1)
    assert figure(after, "workers", version=third) == 1
    assert figure(after, "workers") == 1


def test_a_request_has_an_id_its_own_or_a_new_one(client: FlaskClient) -> None:
    assert client.get("/v1/popular", headers={"X-Request-Id": "abc.1-2_3"}).headers["X-Request-Id"] == "abc.1-2_3"
    for odd in ("", "a b", "x" * 65, "é"):
        given = client.get("/v1/popular", headers={"X-Request-Id": odd}).headers["X-Request-Id"]
        assert len(given) == 16
        assert given != odd


def test_figures_are_those_of_all_workers_and_outlive_them(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 3)
    server.wait_until(lambda: len(server.workers()) == 3, 20)

    def found() -> Figures:
        return figures(server.get("/metrics").decode())

    for _ in range(40):
        server.get("/v1/popular")
    assert figure(found(), "slates_total", placement="popular") == 40
    server.wait_until(lambda: figure(found(), "workers") == 3, 20)
    gone = server.workers()[0]
    os.kill(gone, signal.SIGKILL)
    server.wait_until(lambda: gone not in server.workers() and len(server.workers()) == 3, 20)
    server.wait_until(lambda: figure(found(), "workers") == 3, 20)
    assert figure(found(), "slates_total", placement="popular") == 40


def test_lines_of_the_log_may_be_json(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 1, log_format="json")
    server.get("/v1/for-you?user_id=private-person")
    server.wait_until(lambda: "/v1/for-you" in server.log(), 5)
    lines = [json.loads(line) for line in server.log().splitlines()]
    (asked,) = [line for line in lines if line.get("path") == "/v1/for-you"]
    assert (asked["method"], asked["status"], asked["message"]) == ("GET", 200, "request")
    assert len(asked["request_id"]) == 16
    assert asked["bytes"] > 0
    assert "private-person" not in server.log()
    assert any("DEVELOPMENT MODE" in line["message"] and line["level"] == "warning" for line in lines)


def test_an_internal_error_names_the_request_in_answer_and_log(
    toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = FixedBundle(toy_bundle)
    app: Flask = create_app(source)
    monkeypatch.setattr(source, "bundle", lambda: 1 / 0)
    answer = app.test_client().get("/v1/popular", headers={"X-Request-Id": "r1"})
    assert (answer.status_code, answer.json["request_id"]) == (500, "r1")
    assert "request r1" in caplog.text


def test_granian_serves_it_too(own_store: Store, free_port: Callable[[], int], tmp_path: Path) -> None:
    import subprocess
    import sys
    import time
    import urllib.error
    import urllib.request

    from recommender.access import KeyFile

    (own_store.path.parent / "shop.toml").write_text("")
    _, key = KeyFile(own_store.path.parent / "keys.json").create("shop", "read")
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--workers-kill-timeout",
        "5",
        "--interface",
        "wsgi",
        "--factory",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    environment = os.environ | {"ALSOBOUGHT_CONFIG": str(own_store.path.parent / "shop.toml")}
    with (tmp_path / "granian.log").open("wb") as log:
        server = subprocess.Popen([*command, "serving.factory:application"], env=environment, stdout=log, stderr=log)
    try:
        end, url = time.monotonic() + 60, f"http://127.0.0.1:{port}"
        while True:
            try:
                assert urllib.request.urlopen(f"{url}/readyz", timeout=5).status == 200
                break
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < end, (tmp_path / "granian.log").read_text()
                time.sleep(0.2)
        asked = urllib.request.Request(f"{url}/v1/popular", headers={"Authorization": f"Bearer {key}"})
        assert urllib.request.urlopen(asked, timeout=10).status == 200
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/v1/popular", timeout=10)
    finally:
        server.terminate()
        server.wait(20)
