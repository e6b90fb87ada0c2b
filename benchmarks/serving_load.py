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
from dataclasses import dataclass, field
from itertools import cycle, pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np


@dataclass
class Connection:
    """One keep-alive connection with at most one request under way."""

    peer: socket.socket
    paths: cycle[bytes]
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

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
        peer = socket.create_connection(address, timeout=10)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(peer, cycle(paths[number::connections]))
        selector.register(peer, selectors.EVENT_READ, connection)
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
    p50, p99, p999 = np.percentile(latencies, [50, 99, 99.9]) * 1000
    return {
        "requests_per_second": round(len(latencies) / (now - started), 1),
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
