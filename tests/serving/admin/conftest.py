"""The operator's page on a store of two versions, with keys and without, signed in and not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from operations import Keys, form_token, make_app, make_keys, shop_config, sign_in, two_versions

from recommender.bundle import Bundle, Store
from serving import key_ring


@pytest.fixture(autouse=True)
def keys_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every request look at the file of keys."""
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0.0)


@pytest.fixture
def store(toy_store: Store, toy_bundle: Bundle, tmp_path: Path) -> Store:
    return two_versions(toy_store, toy_bundle, tmp_path)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path)


@pytest.fixture
def client(store: Store, keys: Keys) -> FlaskClient:
    """A client of the application with keys, not signed in."""
    return make_app(shop_config(store.path.parent)).test_client()


@pytest.fixture
def operator(client: FlaskClient, keys: Keys) -> FlaskClient:
    """The same client, signed in."""
    assert sign_in(client, keys["admin"]).status_code == 303
    return client


@pytest.fixture
def change(operator: FlaskClient) -> Callable[..., Any]:
    """Send the form of a confirmation."""

    def send(action: str, version: str, live: str = "v00002", **more: str) -> Any:
        page = operator.get(f"/admin/versions/{action}", query_string={"version": version}).text
        fields = {"form_token": form_token(page), "version": version, "live": live}
        return operator.post(f"/admin/versions/{action}", data=fields | more)

    return send
