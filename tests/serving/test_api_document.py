"""docs/http-api.md says what the server does: a call of every route, every type of problem, a client that works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recommender.bundle import Store
from serving.api_description import operations
from serving.problems import PROBLEM_TYPES
from tests.serving.conftest import Server

DOCUMENT = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")
HOST = "http://127.0.0.1:8000"


def calls() -> list[list[str]]:
    blocks = re.findall(r"^```console\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ curl")]


def routes_of(words: list[str]) -> tuple[str, str]:
    method = words[words.index("-X") + 1].lower() if "-X" in words else "get"
    url = next(word for word in words if word.startswith(HOST))
    return method, url.removeprefix(HOST).partition("?")[0]


def test_every_route_has_a_call() -> None:
    missing = {(one.method, one.path) for one in operations()} - {routes_of(words) for words in calls()}
    assert not missing


def test_every_type_of_problem_is_there_with_its_status() -> None:
    told = dict(re.findall(r"^\| `/problems/([a-z-]+)` \| (\d+) \|", DOCUMENT, re.MULTILINE))
    assert told == {name: str(kind.status) for name, kind in PROBLEM_TYPES.items()}


def test_the_calls_and_the_client_work(start_server: Callable[[Store, int], Server], own_store: Store) -> None:
    import subprocess

    server = start_server(own_store, 1)
    for words in calls():
        asked = [word.replace(HOST, server.url) for word in words]
        done = subprocess.run([*asked, "-s", "-o", "/dev/null", "-w", "%{http_code}"], capture_output=True, text=True)
        assert done.stdout in ("200", "202", "204"), asked
    (client,) = re.findall(r"^```python\n(import json.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(client, names)
    shop = names["Shop"](server.url)
    answer = shop.ask("also-bought", item_id="TENT", filter=["price <= 60", "category under Outdoor"])
    assert answer["items"]
    (page,) = shop.page({"placement": "also-bought"}, {"placement": "popular", "k": 3}, item_id="TENT")
    assert [slate["placement"] for slate in page["slates"]] == ["also-bought", "popular"]
