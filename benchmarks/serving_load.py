"""How many requests a second the server answers, and how fast: a client on keep-alive connections.

Start the server, then this beside it. Both share the cores, so the server alone can do more.

    alsobought serve --config data/complete-journey.toml --workers 2
    python benchmarks/serving_load.py --store data/complete-journey/models --seconds 10 --out serving.json

`--items` bounds how many different items are asked for. Every connection asks for its own part of them, in a
seeded random order and over again; while there are more items than requests, no answer is asked for twice.
Standard library and numpy only.
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np


@dataclass(eq=False)
class Connection:
    """One keep-alive connection with at most one request under way."""

    peer: socket.socket
    paths: Iterator[bytes]
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    @classmethod
    def to(cls, address: tuple[str, int], paths: Iterator[bytes]) -> Connection:
        """Open a connection that asks for these paths, one after the other."""
        peer = socket.create_connection(address, timeout=10)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(peer, paths)

    def send(self) -> None:
        """Send the next request."""
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.peer.sendall(b"GET " + next(self.paths) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def receive(self) -> int | None:
        """Read what has come; return the status once the answer is whole."""
        chunk = self.peer.recv(65_536)
        if not chunk:
            raise ConnectionError("the server closed a connection")
        self.received += chunk
        head, blank, body = bytes(self.received).partition(b"\r\n\r\n")
        if not blank:
            return None
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return int(head[9:12]) if len(body) >= length else None


def read_item_ids(store: Path) -> list[str]:
    """Return all item ids of the live bundle."""
    folder = store / (store / "CURRENT").read_text().strip() / "ids"
    blob, offsets = (
        np.load(folder / "items-blob.npy").tobytes(),
        np.load(folder / "items-offsets.npy").tolist(),
    )
    return [blob[start:end].decode() for start, end in pairwise(offsets)]


def measure(address: tuple[str, int], paths: list[bytes], connections: int, seconds: float) -> dict[str, float]:
    """Ask for `seconds` over that many connections at once and return the figures, times in milliseconds."""
    selector = selectors.DefaultSelector()
    for number in range(connections):
        connection = Connection.to(address, cycle(paths[number::connections]))
        selector.register(connection.peer, selectors.EVENT_READ, connection)
        connection.send()
    latencies: list[float] = []
    failed = 0
    started = time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        for key, _ in selector.select(timeout=1):
            connection = key.data
            status = connection.receive()
            if status is not None:
                latencies.append(time.perf_counter() - connection.sent_at)
                failed += status != 200
                connection.send()
    _close(selector)
    return _figures(latencies, now - started, failed)


def measure_at_rate(
    address: tuple[str, int], paths: list[bytes], connections: int, seconds: float, per_second: float
) -> dict[str, float]:
    """Ask so many times a second, however slow the answers (an open loop), and return the figures of `measure`.

    A request is due at a fixed time, and its latency counts from then: also while it waits for a free connection, of
    which there are at most `connections`, opened when first needed. One that the server closes is opened anew; if it
    owed an answer, that request has failed.
    """
    selector = selectors.DefaultSelector()
    free: list[Connection] = []
    due_of: dict[Connection, float] = {}
    path = cycle(paths)
    latencies: list[float] = []
    failed = sent = 0
    total = int(seconds * per_second)
    started = time.perf_counter()
    while len(latencies) + failed < total:
        while sent < total and started + sent / per_second <= time.perf_counter():
            if not free and len(due_of) == connections:
                break
            if not free:
                free.append(Connection.to(address, path))
                selector.register(free[-1].peer, selectors.EVENT_READ, free[-1])
            connection = free.pop()
            due_of[connection] = started + sent / per_second
            connection.send()
            sent += 1
        may_send = sent < total and len(due_of) < connections
        wait = max(0.0, started + sent / per_second - time.perf_counter()) if may_send else 10
        for key, _ in selector.select(wait):
            connection = key.data
            try:
                status = connection.receive()
            except ConnectionError:
                selector.unregister(connection.peer)
                connection.peer.close()
                failed += due_of.pop(connection, None) is not None
                if connection in free:
                    free.remove(connection)
                continue
            if status == 200:
                latencies.append(time.perf_counter() - due_of.pop(connection))
                free.append(connection)
            elif status is not None:
                failed += 1
                due_of.pop(connection)
                free.append(connection)
    ended = time.perf_counter()
    _close(selector)
    return _figures(latencies, ended - started, failed)


def _close(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        key.data.peer.close()
    selector.close()


def _figures(latencies: list[float], seconds: float, failed: int) -> dict[str, float]:
    p50, p99, p999 = np.percentile(latencies, [50, 99, 99.9]) * 1000
    return {
        "requests_per_second": round(len(latencies) / seconds, 1),
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        "p999_ms": round(float(p999), 2),
        "requests": len(latencies),
        "failed": failed,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="Folder of the store the server reads.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--placement", default="similar-items")
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--items", type=int, default=1_000_000, help="Most different items asked for.")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="JSON file for the figures.")
    asked = parser.parse_args()

    item_ids = read_item_ids(asked.store)
    random.Random(asked.seed).shuffle(item_ids)
    item_ids = item_ids[: asked.items]
    paths = [f"/v1/{asked.placement}?item_id={quote(item, safe='')}&k={asked.k}".encode() for item in item_ids]
    figures = measure((asked.host, asked.port), paths, asked.connections, asked.seconds)
    setting = {name: getattr(asked, name) for name in ("placement", "k", "connections", "seconds", "seed")}
    result = setting | {"different_items": len(item_ids)} | figures
    json.dump(result, sys.stdout, indent=1)
    print()
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
