"""The real server: gunicorn, its workers, promotion under load, the end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommender.access import KeyFile
from recommender.bundle import Bundle, Store
from recommender.config import Config, parse_config
from recommender.errors import ConfigError, StoreError
from serving import wsgi

StartServer = Callable[[Store, int], Any]
FreePort = Callable[[], int]
PROMOTIONS = 20


def config_of(store: Path) -> Config:
    return parse_config({"data": {"events": "unused"}, "store": {"path": str(store)}})


class Customer(threading.Thread):
    """Asks again and again over one connection, reconnecting only where the server said so."""

    def __init__(self, port: int, paths: list[str], stop: threading.Event) -> None:
        super().__init__()
        self.failures: list[str] = []
        self.versions: set[str] = set()
        self.asked = 0
        self._port, self._paths, self._stop_asking = port, paths, stop

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self._stop_asking.is_set():
            path = self._paths[self.asked % len(self._paths)]
            self.asked += 1
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(f"{path}: {error!r}")
                return
            if response.status != 200:
                self.failures.append(f"{path}: {response.status} {body}")
            else:
                self.versions.add(body["model_version"])
        connection.close()


def mapped_from(pid: int, folder: Path) -> bool:
    return str(folder) in Path(f"/proc/{pid}/maps").read_text()


def n_threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_no_request_fails_while_bundles_are_promoted(
    own_store: Store, toy_bundle: Bundle, start_server: StartServer
) -> None:
    """Each version is seen by customers before the next is promoted, so the machine's speed does not matter."""
    with own_store.locked():
        versions = [own_store.publish(toy_bundle) for _ in range(PROMOTIONS)]
    server = start_server(own_store, 2)
    user_id = toy_bundle.users.id_of(0)
    paths = [
        "/v1/similar-items?item_id=GRIND-1",
        f"/v1/for-you?user_id={user_id}",
        "/v1/also-bought?item_id=007",
    ]
    stop = threading.Event()
    customers = [Customer(server.port, paths, stop) for _ in range(6)]
    for customer in customers:
        customer.start()
    try:
        for version in versions:
            with own_store.locked():
                own_store.promote(version)
            server.wait_until(lambda: any(version in customer.versions for customer in customers), 60)  # noqa: B023
    finally:
        stop.set()
        for customer in customers:
            customer.join()
    assert [failure for customer in customers for failure in customer.failures] == []


def test_all_workers_answer_and_the_master_never_opens_the_bundle(own_store: Store, start_server: StartServer) -> None:
    """FAISS that searched before a fork hangs after it, so the parent must not so much as hold an index."""
    server = start_server(own_store, 3)
    server.wait_until(lambda: len(server.workers()) == 3, 20)
    workers = server.workers()
    server.wait_until(lambda: all(mapped_from(pid, own_store.path) for pid in workers), 20)
    assert not mapped_from(server.process.pid, own_store.path)
    for _ in range(60):
        assert json.loads(server.get("/v1/similar-items?item_id=GRIND-1"))["items"]
    assert server.workers() == workers


def test_a_worker_may_take_its_time_to_open_a_large_bundle(own_store: Store, free_port: FreePort) -> None:
    assert wsgi.Server(config_of(own_store.path), "127.0.0.1", free_port(), 1, own_store.path).cfg.timeout == 120


def test_a_worker_computes_on_its_request_threads_only(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 1)
    (worker,) = server.workers()
    before = n_threads(worker)
    for number in range(40):
        server.get(f"/v1/for-you?item_id=GRIND-1&k={number + 1}")
    request_threads = 4
    assert n_threads(worker) <= before + request_threads


def test_a_killed_worker_is_replaced_and_answers(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 1)
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    server.wait_until(lambda: server.workers() not in ([], [worker]), 15)
    assert json.loads(server.get("/v1/similar-items?item_id=GRIND-1"))["items"]


def test_sigterm_answers_what_is_under_way_and_ends_within_15_seconds(
    own_store: Store, start_server: StartServer
) -> None:
    server = start_server(own_store, 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
        slow.sendall(b"GET /v1/popular HTTP/1.1\r\nHost: localhost\r\n")
        time.sleep(0.3)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        slow.sendall(b"Connection: close\r\n\r\n")
        received = b""
        while chunk := slow.recv(65_536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(20) == 0
    assert time.monotonic() - started < 15
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_a_broken_promotion_is_logged_and_the_old_model_answers_on(
    own_store: Store, toy_bundle: Bundle, start_server: StartServer
) -> None:
    server = start_server(own_store, 1)
    first = json.loads(server.get("/readyz"))["model_version"]
    with own_store.locked():
        second = own_store.publish(toy_bundle)
    (own_store.path / second / "manifest.json").unlink()
    (own_store.path / "CURRENT").write_text(f"{second}\n")  # the store itself would refuse to promote this one
    server.wait_until(lambda: f"{second} can't be loaded and stays out" in server.log(), 10)
    assert json.loads(server.get("/readyz")) | {"model_age_seconds": 0} == {
        "status": "ready",
        "model_version": first,
        "model_created_at": toy_bundle.manifest.created_at,
        "model_age_seconds": 0,
        "failed_version": second,
    }
    assert json.loads(server.get("/v1/popular"))["model_version"] == first


def test_the_access_log_has_paths_but_no_ids(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 1)
    server.get("/v1/for-you?user_id=private-person")
    with pytest.raises(urllib.error.HTTPError):
        server.get("/v1/for-you?user_id=private-person&k=0")
    for status in (200, 400):  # each is logged after its answer, by a thread of its own: in any order
        server.wait_until(lambda status=status: f"GET /v1/for-you {status} " in server.log(), 5)
    assert "private-person" not in server.log()


def test_a_path_can_not_write_lines_of_its_own_into_the_access_log(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 1)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.get("/nowhere%0Aforged%1B%C2%85line")
    server.wait_until(lambda: "GET /nowhere%0Aforged%1B%C2%85line 404" in server.log(), 5)


def test_a_port_in_use_is_one_sentence(own_store: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"--port {port}: can't listen on 127.0.0.1:{port}: Address already in use"
        ):
            wsgi.run(config_of(own_store.path), "127.0.0.1", port, 1)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_keys_only_loopback_is_listened_on(own_store: Store, host: str, free_port: FreePort) -> None:
    with pytest.raises(ConfigError, match="only listens on loopback"):
        wsgi.run(config_of(own_store.path), host, free_port(), 1)


def test_with_a_key_any_address_is_listened_on(own_store: Store, free_port: FreePort) -> None:
    config = parse_config({"data": {"events": "unused"}, "store": {"path": "models"}}, folder=own_store.path.parent)
    key, _ = KeyFile(own_store.path.parent / "keys.json").create("shop", "read")
    wsgi.check(config, "0.0.0.0", free_port())
    KeyFile(own_store.path.parent / "keys.json").revoke(key.id)
    with pytest.raises(ConfigError, match="only listens on loopback"):
        wsgi.check(config, "0.0.0.0", free_port())


def test_development_mode_is_said_loudly(own_store: Store, start_server: StartServer) -> None:
    assert "DEVELOPMENT MODE: there are no keys" in start_server(own_store, 1).log()


@pytest.mark.parametrize("host", ["not.a.host.invalid", "a..b", ""])
def test_a_host_that_is_no_name_is_refused(own_store: Store, host: str, free_port: FreePort) -> None:
    with pytest.raises(ConfigError, match=f"--host {re.escape(host)}: is not the name"):
        wsgi.run(config_of(own_store.path), host, free_port(), 1)


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert [wsgi.authority(host, 80) for host in ("::1", "localhost")] == ["[::1]:80", "localhost:80"]


def test_without_a_promoted_model_the_server_does_not_start(tmp_path: Path, free_port: FreePort) -> None:
    with pytest.raises(StoreError, match=r"models: no model has been promoted yet; run `alsobought train`"):
        wsgi.run(config_of(tmp_path / "models"), "127.0.0.1", free_port(), 1)
