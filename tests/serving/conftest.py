"""The application on the toy bundle, and real servers on copies of its store."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle, Store
from recommender.event_log import EventLog
from serving.app import create_app
from serving.live_bundle import FixedBundle

SERVE = """
import json
import sys
from pathlib import Path
from recommender.config import parse_config
from serving.wsgi import run

store, port, workers, more = sys.argv[1:]
config = parse_config({
    "data": {"events": "unused"}, "store": {"path": store},
    "serving": {"reload_seconds": 0.05, "threads": 4, **json.loads(more)},
}, folder=Path(store).parent)
run(config, "127.0.0.1", int(port), int(workers))
"""


@pytest.fixture
def client(toy_bundle: Bundle) -> FlaskClient:
    """A client of the application on the toy bundle, without a server."""
    return create_app(FixedBundle(toy_bundle)).test_client()


@pytest.fixture
def event_log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty event log."""
    log = EventLog.at("sqlite:///events.db", tmp_path)
    yield log
    log.close()


@pytest.fixture
def own_store(toy_store: Store, tmp_path: Path) -> Store:
    """A copy of the toy store that a test may promote in."""
    shutil.copytree(toy_store.path, tmp_path / "models")
    return Store(tmp_path / "models")


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Find ports that nothing listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


class Server:
    """A running server and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return bytes(answer.read())

    def log(self) -> str:
        return self._log.read_text()

    def answers(self) -> bool:
        try:
            self.get("/readyz")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@pytest.fixture
def start_server(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., Server]]:
    """Start servers on free ports and wait until they are ready; they are ended with the test."""
    started: list[Server] = []

    def start(store: Store, workers: int, **serving: object) -> Server:
        port = free_port()
        log = tmp_path / f"server-{port}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(store.path), str(port), str(workers), json.dumps(serving)],
                stderr=output,
            )
        server = Server(process, port, log)
        started.append(server)
        server.wait_until(server.answers, 30)
        return server

    yield start
    for server in started:
        server.process.terminate()
        server.process.wait(20)
