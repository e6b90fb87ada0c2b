"""Clients that send their headers a byte at a time: what do they cost a healthy one, behind nginx as documented?

    python -m benchmarks.slow_clients --store models

The server stands behind nginx with docs/operations/nginx.conf, all but its ports, files and names as it stands there.
Three hundred clients each keep a connection on which a header line comes a byte a second; one that nginx cuts off comes
again. Meanwhile a healthy client asks over TLS at fixed times. For comparison, the same without slow clients, and,
with `--bare`, without nginx and TLS. Needs nginx and openssl.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.serving_events import free_port, serving, wait
from benchmarks.serving_load import read_item_ids
from benchmarks.training.record import write_record

CONF = Path(__file__).parents[1] / "docs" / "operations" / "nginx.conf"
GIVE_UP_SECONDS = 60
"""How far a client that waits for answers may fall behind before nothing more is asked."""
PLACES = ("/etc/ssl/certs/", "/etc/ssl/private/", "/var/log/nginx/", "/run/")


def main() -> None:
    """Measure, print, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="Folder of a store; it is only read.")
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=50, help="Requests of the healthy client.")
    parser.add_argument("--bare", action="store_true", help="Measure the server without nginx, too.")
    parser.add_argument("--record", metavar="DATASET", help="Keep the figures in benchmarks/results.")
    asked = parser.parse_args()
    busy = os.getloadavg()[0]
    paths = [f"/v1/also-bought?item_id={item}" for item in read_item_ids(asked.store)[:1000]]
    rows = []
    with serving(asked.store, 2) as server, nginx(server.port) as port:
        wait(lambda: len(server.workers()) == 2, 60)
        fronts = [("nginx", port, _trusting()), *([("no nginx", server.port, None)] if asked.bare else [])]
        for name, front, tls in fronts:
            for clients in (0, asked.clients):
                with slow_clients(front, clients):
                    figures = healthy(front, tls, paths, asked.seconds, asked.per_second)
                rows.append({"front": name, "slow_clients": clients, **figures, "load_average_before": round(busy, 1)})
                print(json.dumps(rows[-1]))
    if asked.record:
        setting = {"dataset": asked.record, "per_second": asked.per_second, "seconds": asked.seconds}
        write_record(f"slow-clients-{asked.record}", setting, rows, "slow-clients")


@contextmanager
def nginx(upstream: int) -> Iterator[int]:
    """Run nginx with the documented configuration before a server's port; yield the port it listens on."""
    with TemporaryDirectory(prefix="slow-clients-") as name:
        folder, port = Path(name), free_port()
        text = CONF.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        for place in PLACES:
            text = text.replace(place, f"{folder}/")
        (folder / "nginx.conf").write_text(text)
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
        subprocess.run(
            [*made, "-keyout", folder / "shop.key", "-out", folder / "shop.pem"], check=True, capture_output=True
        )
        process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-g", "daemon off;"])
        try:
            wait(lambda: _connects(port), 10)
            yield port
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def slow_clients(port: int, number: int) -> Iterator[None]:
    """Keep so many connections open, each of which sends a byte of a header every second, until the block ends."""
    stop = threading.Event()

    def run() -> None:
        peers: list[socket.socket] = []
        while True:
            for _ in range(number - len(peers)):
                peers.append(socket.create_connection(("127.0.0.1", port)))
                peers[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            alive = []
            for peer in peers:
                try:
                    peer.sendall(b"x")
                    alive.append(peer)
                except OSError:
                    peer.close()
            peers = alive
            if stop.wait(1):
                break
        for peer in peers:
            peer.close()

    thread = threading.Thread(target=run)
    if number:
        thread.start()
        time.sleep(2)
    try:
        yield
    finally:
        stop.set()
        if number:
            thread.join()


def healthy(
    port: int, tls: ssl.SSLContext | None, paths: list[str], seconds: float, per_second: float
) -> dict[str, Any]:
    """Ask at fixed times over one connection; return times in milliseconds from when each was due."""

    def connect() -> http.client.HTTPConnection:
        if tls is None:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=tls)

    connection, taken, failed = connect(), [], 0
    began = time.perf_counter()
    for number in range(int(seconds * per_second)):
        due = began + number / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        if due < time.perf_counter() - GIVE_UP_SECONDS:
            break
        try:
            connection.request("GET", paths[number % len(paths)])
            answer = connection.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
            connection = connect()
        taken.append(time.perf_counter() - due)
    p50, p99 = np.percentile(taken, [50, 99]) * 1000
    return {"requests": len(taken), "failed": failed, "p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1)}


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _connects(port: int) -> bool:
    with socket.socket() as peer:
        return peer.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
