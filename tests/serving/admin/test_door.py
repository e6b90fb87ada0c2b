"""Who comes in, for how long, and whose forms are believed."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from operations import Keys, form_token, make_app, shop_config, sign_in

from recommender.access import KeyFile, sign_token
from recommender.bundle import Store, changes
from serving.admin.sessions import SESSION_SECONDS, Sessions

PATHS = ("/admin/", "/admin/traffic", "/admin/outcomes", "/admin/training", "/admin/versions", "/admin/ask")


@pytest.mark.parametrize(
    "path", [*PATHS, "/admin/versions/promote?version=v00001", "/admin/nothing", "/admin/training/1"]
)
def test_without_a_session_every_page_leads_to_the_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/sign-in")


def test_the_sign_in_and_its_style_are_open_and_tell_nothing(client: FlaskClient) -> None:
    page = client.get("/admin/sign-in")
    assert page.status_code == 200
    assert "v0000" not in page.text
    assert "<nav" not in page.text
    with client.get("/admin/static/admin.css") as style:
        assert style.status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [
        ("wrong", 401, "unknown or revoked"),
        ("read", 403, "of the scope read"),
        ("write", 403, "of the scope write"),
        ("page", 403, "publishable"),
    ],
)
def test_other_keys_are_refused_and_told_why(
    client: FlaskClient, keys: Keys, kind: str, status: int, says: str
) -> None:
    answer = sign_in(client, keys[kind])
    assert answer.status_code == status
    assert says in answer.text
    assert keys[kind] not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert client.get("/admin/").status_code == 303


def test_the_cookie_is_for_this_page_alone_and_holds_no_key(client: FlaskClient, keys: Keys) -> None:
    cookie = sign_in(client, keys["admin"]).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/admin/", f"Max-Age={SESSION_SECONDS}"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # a browser would not keep it on plain http://localhost
    assert keys["admin"] not in cookie
    assert keys["admin"].removeprefix("sk_") not in base64.urlsafe_b64decode(cookie.split(".")[1] + "==").decode()
    elsewhere = sign_in(client, keys["admin"], "http://shop.example").headers["Set-Cookie"]
    assert "Secure" in elsewhere.split("; ")


def test_a_key_over_an_open_line_is_warned_of(client: FlaskClient) -> None:
    assert "without encryption" in client.get("/admin/sign-in", base_url="http://shop.example").text
    assert "without encryption" not in client.get("/admin/sign-in", base_url="https://shop.example").text
    assert "without encryption" not in client.get("/admin/sign-in").text


def test_no_key_stands_in_a_url_or_in_the_log(
    client: FlaskClient, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for kind in keys:
        answer = sign_in(client, keys[kind])
        assert keys[kind] not in str(answer.headers)
    assert "signed in to the operator's page" in caplog.text
    assert "refused" in caplog.text
    assert not any(key in caplog.text for key in keys.values())
    assert client.get(f"/admin/?key={keys['admin']}", headers={"Cookie": ""}).status_code in (200, 303)
    assert client.get(f"/admin/sign-in?key={keys['admin']}").status_code in (200, 303)


def test_a_session_ends_with_its_hours(operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert operator.get("/admin/").status_code == 200
    later = time.time() + SESSION_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert operator.get("/admin/").status_code == 303


def test_a_session_ends_with_its_key(operator: FlaskClient, store: Store) -> None:
    file = KeyFile(store.path.parent / "keys.json")
    assert operator.get("/admin/").status_code == 200
    file.revoke(next(key.id for key in file.read() if key.name == "admin"))
    assert operator.get("/admin/").status_code == 303


def test_forged_and_foreign_sessions_are_none(client: FlaskClient, store: Store) -> None:
    ids = {key.name: key.id for key in KeyFile(store.path.parent / "keys.json").read()}
    soon = int(time.time()) + 60
    ours = Sessions((b"s" * 32,))
    for forged in (
        sign_token(b"s" * 32, ids["admin"], soon),  # the secret itself signs tokens of users, not sessions
        Sessions((b"x" * 32,)).begin(ids["admin"]),
        ours.begin(ids["read"]),
        ours.begin(ids["page"]),
        ours.begin("nobody"),
        ours.begin(ids["admin"])[:-1],
        "",
    ):
        client.set_cookie("alsobought_admin", forged, path="/admin/")
        assert client.get("/admin/").status_code == 303, forged
    client.set_cookie("alsobought_admin", ours.begin(ids["admin"]), path="/admin/")
    assert client.get("/admin/").status_code == 200


def test_a_session_is_no_key_of_the_api(operator: FlaskClient) -> None:
    assert operator.get("/v1/popular").status_code == 401
    assert operator.get("/metrics").status_code == 401
    cookie = operator.get_cookie("alsobought_admin", path="/admin/")
    assert cookie is not None
    assert operator.get("/v1/popular", headers={"Authorization": f"Bearer {cookie.value}"}).status_code == 401


def test_an_admin_key_as_bearer_reads_too(client: FlaskClient, keys: Keys) -> None:
    statuses = {
        kind: client.get("/admin/versions", headers={"Authorization": f"Bearer {text}"}).status_code
        for kind, text in keys.items()
    }
    assert statuses == {"admin": 200, "wrong": 401, "read": 403, "write": 403, "page": 403}


def test_a_form_needs_the_token_of_its_own_session(
    operator: FlaskClient, keys: Keys, store: Store, change: Callable[..., Any]
) -> None:
    stranger = operator.application.test_client()
    sign_in(stranger, keys["admin"])
    own = form_token(operator.get("/admin/versions").text)
    assert own != form_token(operator.get("/admin/versions", headers={"Authorization": f"Bearer {keys['admin']}"}).text)
    for wrong in ("", "0" * 64, own[:-1], "ö"):
        assert change("rollback", "v00001", form_token=wrong).status_code == 403
    assert operator.post("/admin/versions/rollback", data={"version": "v00001"}).status_code == 403
    assert operator.post("/admin/sign-out").status_code == 403
    assert store.current() == "v00002"
    assert changes.changes(store.path) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_forms_of_other_sites_change_nothing(operator: FlaskClient, keys: Keys, store: Store, site: str) -> None:
    page = operator.get("/admin/versions/rollback?version=v00001").text
    fields = {"form_token": form_token(page), "version": "v00001", "live": "v00002"}
    answer = operator.post("/admin/versions/rollback", data=fields, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert store.current() == "v00002"
    answer = operator.post("/admin/sign-in", data={"key": keys["admin"]}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403


def test_a_get_changes_nothing(operator: FlaskClient, store: Store) -> None:
    page = operator.get("/admin/versions/promote?version=v00001&live=v00002")
    assert page.status_code == 200
    assert "Promote v00001?" in page.text
    assert operator.get("/admin/versions/promote").status_code == 503
    assert operator.get("/admin/versions/delete?version=v00001").status_code == 400
    assert store.current() == "v00002"


def test_signing_out_ends_the_session_of_this_browser(operator: FlaskClient) -> None:
    token = form_token(operator.get("/admin/").text)
    assert operator.post("/admin/sign-out", data={"form_token": token}).status_code == 303
    assert operator.get("/admin/").status_code == 303


def test_in_development_mode_only_this_machine_comes_in(store: Store) -> None:
    client = make_app(shop_config(store.path.parent)).test_client()
    page = client.get("/admin/")
    assert "Development mode" in page.text
    assert client.get("/admin/", base_url="http://127.0.0.1:8000").status_code == 200
    assert client.get("/admin/", base_url="http://[::1]:8000").status_code == 200
    for host in ("http://rebound.example:8000", "http://192.168.0.7", "http://localhost.example"):
        assert client.get("/admin/", base_url=host).status_code == 403
    assert client.post("/admin/versions/rollback", data={"version": "v00001"}).status_code == 403
    assert store.current() == "v00002"


def test_the_first_key_ends_development_mode(store: Store) -> None:
    client = make_app(shop_config(store.path.parent)).test_client()
    assert client.get("/admin/").status_code == 200
    KeyFile(store.path.parent / "keys.json").create("shop", "read")
    assert client.get("/admin/").status_code == 303


def test_workers_that_share_no_secret_let_nobody_sign_in(store: Store, keys: Keys) -> None:
    client = make_app(shop_config(store.path.parent), shared=False).test_client()
    page = client.get("/admin/sign-in").text
    assert "ALSOBOUGHT_TOKEN_SECRET" in page
    assert 'name="key"' not in page
    sign_in(client, keys["admin"])
    assert client.get("/admin/").status_code == 303


def test_sessions_are_shared_by_a_secret_of_the_environment_or_by_the_fork(tmp_path: Path) -> None:
    given = {"ALSOBOUGHT_TOKEN_SECRET": "n" * 32}
    one, other = (Sessions.of(given, before_fork=False) for _ in range(2))
    assert one.shared
    assert other.key_id(one.begin("k")) == "k"
    both = Sessions.of({"ALSOBOUGHT_TOKEN_SECRET": f"{'m' * 32},{'n' * 32}"}, before_fork=True)
    assert both.key_id(one.begin("k")) == "k"
    assert not Sessions.of({}, before_fork=False).shared
    forked, restarted = (Sessions.of({}, before_fork=True) for _ in range(2))
    assert forked.shared
    assert restarted.key_id(forked.begin("k")) is None
