"""New connections go to the worker that holds the fewest, and a dead one holds none."""

from __future__ import annotations

import http.client
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.bundle import Store
from serving.crowd import SLOTS, Crowd

if TYPE_CHECKING:
    from tests.serving.conftest import StartServer


def test_the_fewest() -> None:
    crowd = Crowd()
    assert crowd.fewest() == 0
    crowd.tell(1, 5)
    crowd.tell(SLOTS + 2, 3)
    assert crowd.fewest() == 3
    crowd.tell(1, 0)
    assert crowd.fewest() == 0
    crowd.forget(1)
    assert crowd.fewest() == 3


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_kept_alive_connections_are_spread(own_store: Store, start_server: StartServer) -> None:
    server = start_server(own_store, 2)
    server.wait_until(lambda: server.log().count("answers now") == 2, 30)
    before = [open_files(pid) for pid in server.workers()]
    connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=10) for _ in range(24)]
    for connection in connections:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
    held = [open_files(pid) - then for pid, then in zip(server.workers(), before, strict=True)]
    assert min(held) >= 8, held
    os.kill(server.workers()[0], signal.SIGKILL)
    for _ in range(5):  # what the dead one held does not keep the others from taking more
        fresh = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        fresh.request("GET", "/healthz")
        assert fresh.getresponse().status == 200
        fresh.close()
    for connection in connections:
        connection.close()
