"""A store of two versions, keys, and visitors who follow what is recommended: what the operator's page is tried on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from recommender.access import KeyFile
from recommender.bundle import Bundle, Store
from recommender.config import Config, parse_config
from serving.admin import Sessions
from serving.rate_limit import RateLimit
from serving.wsgi import worker_app

Keys = dict[str, str]
HERE = "http://localhost"


def shop_config(folder: Path, **serving: object) -> Config:
    return parse_config(
        {"data": {"events": "unused"}, "store": {"path": "models"}, "serving": {"reload_seconds": 60, **serving}},
        folder=folder,
    )


def make_app(config: Config, *, shared: bool = True) -> Flask:
    return worker_app(config, RateLimit(0, 1), Sessions((b"s" * 32,), shared=shared), None, public=False)


def two_versions(toy_store: Store, toy_bundle: Bundle, folder: Path) -> Store:
    shutil.copytree(toy_store.path, folder / "models")
    store = Store(folder / "models")
    with store.locked():
        store.publish(toy_bundle)
        store.promote("v00002")
    return store


def make_keys(folder: Path) -> Keys:
    file = KeyFile(folder / "keys.json")
    made = {scope: file.create(scope, scope)[1] for scope in ("read", "write", "admin")}  # type: ignore[arg-type]
    return {**made, "page": file.create("page", "admin", publishable=True)[1], "wrong": "sk_wrong"}


def follow_slates(client: FlaskClient) -> None:
    """Have visitors see, click and buy what two placements answer; a third one's pages send no impressions."""
    for number in range(12):
        visitor = {"session_id": f"visitor-{number}"}
        for placement in ("popular", "also-bought", "trending"):
            asked = {"k": 4, **({"item_id": "007"} if placement == "also-bought" else visitor)}
            slate = client.get(f"/v1/{placement}", query_string=asked).json
            event = {**visitor, "item_id": slate["items"][0]["item_id"], "rec_id": slate["rec_id"], "position": 1}
            sent = [event | {"event": "impression"}] * (placement != "trending")
            sent += [event | {"event": "click"}] * (number % 3 == 0)
            sent += [event | {"event": "purchase", "price": 2.5, "currency": "EUR"}] * (number % 6 == 0)
            if sent:
                assert client.post("/v1/events", json=sent).status_code == 202


def sign_in(client: FlaskClient, key: str, host: str = HERE) -> Any:
    return client.post("/admin/sign-in", data={"key": key}, base_url=host)


def form_token(page: str) -> str:
    (found, *_) = re.findall(r'name="form_token" value="([^"]+)"', page)
    return str(found)
