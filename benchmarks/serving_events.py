"""The event log under load: how many events a second are durable, how soon they count, what kills cost.

    python -m benchmarks.serving_events load --store models --seconds 20
    python -m benchmarks.serving_events kills --store models --kills 200 --every 5
    python -m benchmarks.serving_events start --store models

Each starts servers of its own: the store is only read, the event log lies in a temporary folder. `load` sends batches
at a fixed rate (an open loop: a slow answer delays no later request) and, beside them, asks for-you for a session right
after its first event was acknowledged, on another connection, until the answer knows it. `kills` ends a worker with
SIGKILL again and again while events are sent, then looks for every acknowledged event in the log, and times how long
until answers go on. `start` times a server until it is ready and adds up the memory of 1 and of 4 workers (PSS).
Standard library, numpy and the project only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.serving_load import read_item_ids
from benchmarks.training.record import write_record
from recommender.event_log import EventLog

LOG = "sqlite:///events.db"


@dataclass
class Server:
    """A server of our own."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float
    folder: Path

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]


@contextmanager
def serving(store: Path, workers: int, event_log: str = LOG) -> Iterator[Server]:
    """Start a server on a store, with an event log in a temporary folder."""
    with TemporaryDirectory(prefix="serving-events-") as name:
        folder = Path(name)
        (folder / "shop.toml").write_text(
            f"[store]\npath = {json.dumps(str(store.resolve()))}\n[serving]\nevent_log = {json.dumps(event_log)}\n"
        )
        port = free_port()
        command = [sys.executable, "-m", "recommender", "serve", "--config", str(folder / "shop.toml"), "--quiet"]
        started = time.perf_counter()
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--port", str(port), "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=log
            )
        try:
            server = Server(process, port, 0.0, folder)
            while not answers(port):
                time.sleep(0.01)
            server.ready_seconds = time.perf_counter() - started
            yield server
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether a worker is ready."""
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        return send(connection, method, path, body)
    finally:
        connection.close()


def send(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send one request and read its answer."""
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@dataclass
class Sent:
    """What senders saw: seconds from when a batch was due to its answer, ids that were acknowledged, failures."""

    seconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    failed: int = 0


def send_batches(
    port: int, items: list[str], batch: int, per_second: float, senders: int, stop: threading.Event
) -> tuple[Sent, list[threading.Thread]]:
    """Start threads that together send so many batches a second, each batch at its own time."""
    sent, began = Sent(), time.perf_counter() + 0.1

    def run(sender: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        choose = random.Random(sender)
        number = sender
        while not stop.is_set():
            due = began + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            events = [
                {
                    "event": "view",
                    "item_id": choose.choice(items),
                    "session_id": f"s{choose.random()}",
                    "event_id": f"{number}-{i}",
                }
                for i in range(batch)
            ]
            try:
                status, answer = send(connection, "POST", "/v1/events", events)
                if status != 202 or answer["accepted"] != batch:
                    raise OSError(status)
            except (OSError, http.client.HTTPException, ValueError):
                sent.failed += 1
                connection.close()
            else:
                sent.seconds.append(time.perf_counter() - due)
                sent.acknowledged += [event["event_id"] for event in events]
            number += senders

    threads = [threading.Thread(target=run, args=(sender,)) for sender in range(senders)]
    for thread in threads:
        thread.start()
    return sent, threads


def load(store: Path, seconds: float, per_second: float, batch: int, workers: int, event_log: str) -> dict[str, Any]:
    """Send events at a rate, and see how soon each counts."""
    items = read_item_ids(store)
    with serving(store, workers, event_log) as server:
        stop = threading.Event()
        sent, threads = send_batches(server.port, items, batch, per_second / batch, 8, stop)
        end, at_once = time.perf_counter() + seconds, []
        number = 0
        while time.perf_counter() < end:
            number += 1
            at_once.append(_until_known(server.port, f"new-{number}", items[number % len(items)]))
            time.sleep(0.05)
        stop.set()
        for thread in threads:
            thread.join()
        lost = missing(server.folder, event_log, sent.acknowledged)
    p50, p99 = np.percentile(sent.seconds, [50, 99]) * 1000
    return {
        "events_per_second": round(len(sent.acknowledged) / seconds),
        "batch": batch,
        "p50_ms": round(float(p50), 1),
        "p99_ms": round(float(p99), 1),
        "failed_batches": sent.failed,
        "lost_events": lost,
        "at_once_p50_ms": round(float(np.percentile(at_once, 50)) * 1000, 1),
        "at_once_max_ms": round(max(at_once) * 1000, 1),
        "at_once_asked": len(at_once),
        "workers": workers,
    }


def _until_known(port: int, session: str, item: str) -> float:
    """Return the seconds from a session's first event, acknowledged, to the end of the first answer that knows it."""
    event = {"event": "view", "item_id": item, "session_id": session}
    status, _ = ask(port, "POST", "/v1/events", event)
    assert status == 202
    acknowledged = time.perf_counter()
    while True:
        _, answer = ask(port, "GET", f"/v1/for-you?session_id={session}")
        if (answer["fallback"] or {}).get("type") != "unknown_session":
            return time.perf_counter() - acknowledged


def kills(store: Path, number: int, every: float, workers: int) -> dict[str, Any]:
    """Kill a worker again and again while events are sent; count what was acknowledged and is not in the log."""
    items = read_item_ids(store)
    with serving(store, workers) as server:
        stop = threading.Event()
        sent, threads = send_batches(server.port, items, 5, 40, 4, stop)
        again = []
        for done in range(number):
            time.sleep(every)
            wait(lambda: len(server.workers()) == workers, 60)  # the newest may still be opening its bundle
            os.kill(random.choice(server.workers()), signal.SIGKILL)
            killed = time.perf_counter()
            while not answers(server.port):
                time.sleep(0.005)
            again.append(time.perf_counter() - killed)
            print(f"{done + 1} of {number} kills, {len(sent.acknowledged)} events", file=sys.stderr)
        stop.set()
        for thread in threads:
            thread.join()
        lost = missing(server.folder, LOG, sent.acknowledged)
    return {
        "kills": number,
        "every_seconds": every,
        "acknowledged_events": len(sent.acknowledged),
        "lost_events": lost,
        "unanswered_batches": sent.failed,
        "answers_again_max_ms": round(max(again) * 1000),
    }


def start(store: Path) -> dict[str, Any]:
    """Time the start, and add up the memory of workers after a few requests to each."""
    figures: dict[str, Any] = {}
    items = read_item_ids(store)
    for workers in (1, 4):
        with serving(store, workers) as server:
            wait(lambda server=server, workers=workers: len(server.workers()) == workers, 30)
            for item in items[:400]:
                ask(server.port, "GET", f"/v1/for-you?item_id={item}")
            figures[f"ready_seconds_{workers}_workers"] = round(server.ready_seconds, 2)
            figures[f"pss_mib_{workers}_workers"] = round(sum(map(pss_mib, server.workers())), 1)
    return figures


def pss_mib(pid: int) -> float:
    """Return the proportional set size of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def missing(folder: Path, event_log: str, acknowledged: list[str]) -> int:
    """Return how many acknowledged events the log does not have."""
    log = EventLog.at(event_log, folder)
    written = {row[0] for rows in log.batches(["event_id"], log.position()) for row in rows}
    log.close()
    return len(set(acknowledged) - written)


def wait(done: Callable[[], bool], seconds: float) -> None:
    """Return once something is so; raises TimeoutError after so many seconds."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["load", "kills", "start"])
    parser.add_argument("--store", type=Path, required=True, help="Folder of the store; it is only read.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--per-second", type=float, default=2000, help="Events a second.")
    parser.add_argument("--batch", type=int, default=50, help="Events in a request.")
    parser.add_argument("--event-log", default=LOG, help="SQLAlchemy URL of the log.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--every", type=float, default=5, help="Seconds between kills.")
    parser.add_argument(
        "--record", metavar="DATASET", help="Keep the figures in benchmarks/results, under this name of the data."
    )
    asked = parser.parse_args()
    busy = os.getloadavg()[0]
    match asked.what:
        case "load":
            result = load(asked.store, asked.seconds, asked.per_second, asked.batch, asked.workers, asked.event_log)
        case "kills":
            result = kills(asked.store, asked.kills, asked.every, asked.workers)
        case _:
            result = start(asked.store)
    print(json.dumps(result, indent=1))
    if asked.record:
        setting = {"dataset": asked.record, "what": asked.what}
        row = result | {"load_average_before": round(busy, 1)}
        write_record(f"serving-events-{asked.what}-{asked.record}", setting, [row], "serving-events")


if __name__ == "__main__":
    main()
