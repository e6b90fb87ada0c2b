"""Who may ask what: every route against every kind of key, tokens, origins, rates, development mode."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from recommender.access import KeyFile, TokenSecrets, sign_token
from recommender.bundle import Bundle
from recommender.event_log import EventLog
from serving import key_ring
from serving.app import create_app
from serving.auth import Guard
from serving.bodies import BEACON
from serving.journal import LogJournal
from serving.key_ring import KeyRing
from serving.live_bundle import FixedBundle
from serving.rate_limit import RateLimit

SECRET = b"s" * 32
SESSION = "s" * 22
VIEW = {"event": "view", "item_id": "a", "session_id": "S1"}
KINDS = ("none", "wrong", "page", "read", "write", "admin")
SHOP = "https://shop.example"

Keys = dict[str, str]


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def keys(file: KeyFile) -> Keys:
    made = {scope: file.create(scope, scope)[1] for scope in ("read", "write", "admin")}  # type: ignore[arg-type]
    return {**made, "page": file.create("page", "write", publishable=True)[1], "wrong": "sk_wrong"}


@pytest.fixture
def make(toy_bundle: Bundle, event_log: EventLog, file: KeyFile) -> Callable[..., FlaskClient]:
    def client(limit: RateLimit | None = None, origins: tuple[str, ...] = (), *, required: bool = False) -> FlaskClient:
        guard = Guard(KeyRing(file, required=required), TokenSecrets((SECRET,)), limit or RateLimit(0, 1))
        return create_app(FixedBundle(toy_bundle), LogJournal(event_log), guard, origins).test_client()

    return client


@pytest.fixture
def client(make: Callable[..., FlaskClient], keys: Keys) -> FlaskClient:
    return make()


def ask(client: FlaskClient, keys: Keys, kind: str, method: str, path: str, **more: Any) -> Any:
    headers = dict(more.pop("headers", {}))
    if kind != "none":
        headers["Authorization"] = f"Bearer {keys[kind]}"
    return client.open(path, method=method, headers=headers, **more)


@pytest.mark.parametrize(
    ("method", "path", "body", "statuses"),
    [  # of no key, a wrong one, a publishable one, read, write, admin
        ("GET", "/healthz", None, (200, 200, 200, 200, 200, 200)),
        ("GET", "/readyz", None, (200, 200, 200, 200, 200, 200)),
        ("GET", "/docs", None, (200, 200, 200, 200, 200, 200)),
        ("GET", "/openapi.json", None, (200, 200, 200, 200, 200, 200)),
        ("GET", "/problems/forbidden", None, (200, 200, 200, 200, 200, 200)),
        ("GET", "/", None, (404, 404, 404, 404, 404, 404)),
        ("GET", "/demo/", None, (404, 404, 404, 404, 404, 404)),
        ("GET", "/docs/try/popular", None, (404, 404, 404, 404, 404, 404)),
        ("GET", "/nowhere", None, (401, 401, 403, 404, 404, 404)),
        ("GET", "/v1/popular", None, (401, 401, 200, 200, 200, 200)),
        ("HEAD", "/v1/popular", None, (401, 401, 200, 200, 200, 200)),
        ("GET", "/v1/also-bought?item_id=007", None, (401, 401, 200, 200, 200, 200)),
        ("GET", "/v1/for-you?item_id=007", None, (401, 401, 200, 200, 200, 200)),
        ("GET", f"/v1/for-you?session_id={SESSION}", None, (401, 401, 200, 200, 200, 200)),
        ("GET", "/v1/for-you?session_id=guessable", None, (401, 401, 403, 200, 200, 200)),
        ("GET", "/v1/for-you?user_id=U1", None, (401, 401, 403, 200, 200, 200)),
        ("GET", "/v1/for-you?user%5Fid=U1", None, (401, 401, 403, 200, 200, 200)),
        ("GET", "/v1/also-bought?item_id=007&user_id=U1", None, (401, 401, 403, 200, 200, 200)),
        ("POST", "/v1/events", VIEW, (401, 401, 202, 403, 202, 202)),
        ("POST", "/v1/users/merge", {"session_id": SESSION, "user_id": "U1"}, (401, 401, 403, 403, 204, 204)),
        ("DELETE", "/v1/users?user_id=U1", None, (401, 401, 403, 403, 403, 200)),
    ],
)  # fmt: skip
def test_every_route_against_every_kind_of_key(
    client: FlaskClient, keys: Keys, method: str, path: str, body: object, statuses: tuple[int, ...]
) -> None:
    found = tuple(ask(client, keys, kind, method, path, json=body).status_code for kind in KINDS)
    assert found == statuses


def test_a_refusal_says_how_to_do_better(client: FlaskClient, keys: Keys) -> None:
    missing = client.get("/v1/popular")
    assert missing.json["type"] == "/problems/missing-key"
    assert missing.headers["WWW-Authenticate"] == "Bearer"
    assert ask(client, keys, "wrong", "GET", "/v1/popular").json["type"] == "/problems/invalid-key"
    assert client.get("/v1/popular", headers={"Authorization": f"Basic {keys['read']}"}).status_code == 401
    assert client.get("/v1/popular", headers={"Authorization": "Bearer é"}).status_code == 401


def test_a_browser_may_have_its_key_in_the_url_and_it_is_no_secret_one(client: FlaskClient, keys: Keys) -> None:
    assert client.post(f"/v1/events?key={keys['page']}", json=VIEW).status_code == 202
    assert client.post(f"/v1/events?key={keys['write']}", json=VIEW).json["type"] == "/problems/invalid-key"
    assert client.get(f"/v1/popular?key={keys['page']}").json["placement"] == "popular"
    page = client.post(
        f"/v1/recommendations?key={keys['page']}",
        data='{"placements": [{"placement": "popular"}]}',
        content_type=BEACON,
    )
    assert page.json["pages"][0]["slates"][0]["placement"] == "popular"
    for path in ("/v1/popular", "/v1/recommendations"):
        assert client.get(f"{path}?key={keys['read']}").json["type"] == "/problems/invalid-key"
    body = {"session_id": SESSION, "user_id": "U1"}
    assert client.post(f"/v1/users/merge?key={keys['page']}", json=body).status_code == 401


def test_a_browser_reads_a_users_answers_with_the_users_token(client: FlaskClient, keys: Keys) -> None:
    def status(user_id: str, token: str) -> int:
        answer = ask(client, keys, "page", "GET", f"/v1/for-you?user_id={user_id}", headers={"X-User-Token": token})
        return int(answer.status_code)

    soon = int(time.time()) + 60
    token = sign_token(SECRET, "U1", soon)
    assert status("U1", token) == 200
    for user_id, wrong in (
        ("U2", token),
        ("U1", sign_token(SECRET, "U1", soon - 120)),
        ("U1", sign_token(b"x" * 32, "U1", soon)),
        ("U1", "rubbish"),
    ):
        assert status(user_id, wrong) == 403


def test_a_browser_merges_a_session_with_the_users_token(client: FlaskClient, keys: Keys) -> None:
    token = sign_token(SECRET, "U1", int(time.time()) + 60)
    for user_id, status in (("U1", 204), ("U2", 403)):
        body = {"session_id": SESSION, "user_id": user_id}
        answer = ask(client, keys, "page", "POST", "/v1/users/merge", json=body, headers={"X-User-Token": token})
        assert answer.status_code == status


def test_a_browser_says_who_it_is_only_with_a_token_in_the_event(client: FlaskClient, keys: Keys) -> None:
    token = sign_token(SECRET, "U1", int(time.time()) + 60)
    of_user = {"event": "view", "item_id": "a", "user_id": "U1"}
    segment = {"event": "Product Viewed", "userId": "U1", "messageId": "m", "properties": {"product_id": "a"}}
    sent = [of_user, of_user | {"user_token": token}, of_user | {"user_id": "U2", "user_token": token}, VIEW, segment]
    answer = ask(client, keys, "page", "POST", "/v1/events", json=sent).json
    assert answer["accepted"] == 2
    assert [entry["index"] for entry in answer["rejected"]] == [0, 2, 4]
    assert "user_token" in answer["rejected"][0]["reason"]
    assert ask(client, keys, "write", "POST", "/v1/events", json=sent).json["accepted"] == 5


def test_without_keys_all_is_allowed_until_there_is_one_and_then_for_good(
    make: Callable[..., FlaskClient], file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0.0)
    client = make()
    assert client.delete("/v1/users?user_id=U1").status_code == 200
    assert client.get("/demo/").status_code == 200
    _, text = file.create("shop", "read")
    assert client.get("/v1/popular").status_code == 401
    assert client.get("/v1/popular", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    file.path.write_text("damaged")
    assert client.get("/v1/popular", headers={"Authorization": f"Bearer {text}"}).status_code == 200
    file.path.unlink()
    assert client.get("/v1/popular").status_code == 401
    file.create("shop", "read")
    file.revoke(file.read()[0].id)
    assert client.get("/v1/popular", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    assert make().get("/v1/popular").status_code == 401


def test_on_a_public_address_there_is_no_development_mode(make: Callable[..., FlaskClient]) -> None:
    assert make(required=True).get("/v1/popular").status_code == 401


def test_a_key_that_asks_too_often_is_told_when_to_ask_again(make: Callable[..., FlaskClient], keys: Keys) -> None:
    client = make(RateLimit(0.5, 3))
    statuses = [ask(client, keys, "read", "GET", "/v1/popular").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = ask(client, keys, "read", "GET", "/v1/popular")
    assert refused.json["type"] == "/problems/rate-limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert ask(client, keys, "write", "GET", "/v1/popular").status_code == 200


def test_a_bucket_fills_at_its_rate_and_not_beyond_its_size() -> None:
    limit = RateLimit(2.0, 3)
    assert [limit.wait_seconds(0, 100.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.wait_seconds(0, 100.5) == 0
    assert limit.wait_seconds(0, 100.5) == 0.5
    assert limit.wait_seconds(1, 100.5) == 0
    assert [limit.wait_seconds(0, 999.0) for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_limit_is_one_for_all_workers() -> None:
    import os

    limit = RateLimit(0.001, 4)
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os._exit(0 if limit.wait_seconds(0, 100.0) == 0 else 1)
        os.waitpid(child, 0)
        children.append(child)
    assert limit.wait_seconds(0, 100.0) > 0


def test_pages_of_listed_origins_may_ask_and_read(make: Callable[..., FlaskClient], keys: Keys) -> None:
    client = make(origins=(SHOP,))
    preflight = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = client.options("/v1/popular", headers=preflight)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    read = ask(client, keys, "page", "GET", "/v1/popular", headers={"Origin": SHOP})
    assert read.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in read.headers["Vary"]
    without = ask(client, keys, "page", "GET", "/v1/popular")
    assert "Access-Control-Allow-Origin" not in without.headers
    assert "Origin" in without.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.org",
        "null",
        "https://SHOP.example",
    ],
)
def test_pages_of_other_origins_may_not(make: Callable[..., FlaskClient], keys: Keys, origin: str) -> None:
    client = make(origins=(SHOP,))
    preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    assert client.options("/v1/popular", headers=preflight).json["type"] == "/problems/forbidden-origin"
    sent = client.post(f"/v1/events?key={keys['page']}", json=VIEW, headers={"Origin": origin})
    assert sent.status_code == 403
    read = ask(client, keys, "page", "GET", "/v1/popular", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in read.headers


def test_in_development_foreign_pages_change_nothing_and_own_ones_may(make: Callable[..., FlaskClient]) -> None:
    client = make()
    assert client.post("/v1/events", json=VIEW, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/v1/events", json=VIEW, headers={"Origin": "http://localhost"}).status_code == 202


@pytest.mark.parametrize("path", ["/v1/popular", "/v1/popular?k=0", "/healthz", "/docs", "/demo/"])
def test_every_answer_has_the_security_headers(make: Callable[..., FlaskClient], path: str) -> None:
    headers = make().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
