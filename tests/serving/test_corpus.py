"""Hostile requests with the verdict each must get: `corpus/*.json`, sent to a real server over a socket.

A request is method, target (as it stands in the request line), headers and body; its verdict is the status, the last
part of the problem's `type`, and the parameter it names. "#LARGE#" in a body stands for more than is allowed.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from recommender.bundle import Store
from serving.bodies import MAX_BODY_BYTES
from tests.serving.conftest import Server

CORPUS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("corpus/*.json")
}


@pytest.fixture
def connection(start_server: Callable[[Store, int], Server], own_store: Store) -> Iterator[http.client.HTTPConnection]:
    server = start_server(own_store, 1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    yield connection
    connection.close()
    assert "Traceback" not in server.log()


def verdict(connection: http.client.HTTPConnection, asked: dict[str, Any]) -> dict[str, Any]:
    body = asked.get("body", "").replace("#LARGE#", "x" * MAX_BODY_BYTES).encode()
    connection.putrequest(asked["method"], asked["target"], skip_host="Host" in asked.get("headers", {}))
    for name, value in asked.get("headers", {}).items():
        connection.putheader(name, value)
    if "body" in asked:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    with suppress(BrokenPipeError):  # refused before it was read to its end
        connection.send(body)
    response = connection.getresponse()
    content = response.read()
    found: dict[str, Any] = {"status": response.status}
    if response.status >= 400:
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(content)
        assert problem["status"] == response.status
        found |= {"type": problem["type"].removeprefix("/problems/"), "parameter": problem.get("parameter")}
    if response.headers.get("Connection") == "close" or response.status == 413:
        connection.close()
    return found


def test_every_request_gets_its_verdict(connection: http.client.HTTPConnection) -> None:
    wrong = []
    for file, requests in CORPUS.items():
        for asked in requests:
            found = verdict(connection, asked)
            expected = {key: asked.get(key) for key in found}
            if found != expected:
                wrong.append(f"{file}: {asked['name']}: {found} instead of {expected}")
    assert not wrong, "\n".join(wrong)


def test_the_corpus_is_large_and_names_are_its_own() -> None:
    assert sum(map(len, CORPUS.values())) >= 150
    for requests in CORPUS.values():
        names = [asked["name"] for asked in requests]
        assert len(names) == len(set(names))
