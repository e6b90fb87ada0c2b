"""Promotions under load: is a request lost, does an answer mix two versions, how much slower are answers?

    python -m benchmarks.promotions --store models                        about fifteen minutes
    python -m benchmarks.promotions --store models --promotions 6 --every 5 --calm 30

Two versions are made of the live one in a store of our own, with marks in all titles, so that each item of an answer
tells which version it comes from. They are promoted in turn while clients ask at fixed times (an open loop) for item
placements, for-you, and pages of both; before and after that, the same load without promotions is the calm to compare
with. An answer is mixed if its items or slates bear another mark than its model_version.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.serving_events import send, serving, wait
from benchmarks.training.record import write_record
from recommender.bundle import Bundle, Store
from recommender.dataset import Catalogue
from recommender.pipeline.prepared import prepare_answers

MARKS = ("first", "second")
CLIENTS = 16
PREPARED_ITEMS = 2_000


@dataclass
class Seen:
    """What clients saw: of each answer when it was due, how long it took and its version; and what went wrong."""

    due: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    failed: int = 0
    mixed: int = 0


def main() -> None:
    """Measure, print, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="Folder of a store; it is only read.")
    parser.add_argument("--promotions", type=int, default=60)
    parser.add_argument("--every", type=float, default=10, help="Seconds between promotions.")
    parser.add_argument("--calm", type=float, default=120, help="Seconds without promotions, before and after each.")
    parser.add_argument("--per-second", type=float, default=200, help="Requests a second.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", metavar="DATASET", help="Keep the figures in benchmarks/results.")
    asked = parser.parse_args()
    busy = os.getloadavg()[0]
    with TemporaryDirectory(prefix="promotions-") as name:
        store, versions = two_versions(Store(asked.store).load_live(), Path(name))
        row = measure(store, versions, asked)
    print(json.dumps(row, indent=1))
    if asked.record:
        setting = {"dataset": asked.record, "per_second": asked.per_second, "workers": asked.workers}
        setting |= {"every_seconds": asked.every, "calm_seconds": 2 * asked.calm}
        row["load_average_before"] = round(busy, 1)
        write_record(f"promotions-{asked.record}", setting, [row], "promotions")


def two_versions(bundle: Bundle, folder: Path) -> tuple[Store, dict[str, str]]:
    """Return a store of two versions whose titles all end with a mark, and the mark of each version."""
    store, marks = Store(folder), {}
    with store.locked():
        for mark in MARKS:
            marked = replace(bundle, catalogue=_marked(bundle, mark), prepared={})
            marks[store.publish(prepare_answers(marked, PREPARED_ITEMS))] = mark
        store.promote(next(iter(marks)))
    return store, marks


def _marked(bundle: Bundle, mark: str) -> Catalogue:
    table = bundle.catalogue.table
    titles = table["title"].to_pylist() if "title" in table.column_names else [None] * len(table)
    column = pa.array([f"{title or 'thing'} of the {mark}" for title in titles], pa.string())
    if "title" in table.column_names:
        return Catalogue(table.set_column(table.column_names.index("title"), "title", column))
    return Catalogue(table.append_column("title", column))


def measure(store: Store, versions: dict[str, str], asked: argparse.Namespace) -> dict[str, Any]:
    """Ask in calm, while versions are promoted in turn, and in calm again."""
    bundle = store.load_live()
    questions = list(_questions(bundle))
    promoted: list[tuple[float, str]] = []
    with serving(store.path, asked.workers) as server:
        wait(lambda: len(server.workers()) == asked.workers, 60)
        with asking(server.port, questions, versions, asked.per_second / 4):
            time.sleep(10)  # what is loaded on first use is loaded
        with asking(server.port, questions, versions, asked.per_second) as before:
            time.sleep(asked.calm)
        turns = itertools.cycle(reversed(versions))
        with asking(server.port, questions, versions, asked.per_second) as during:
            for number in range(asked.promotions):
                with store.locked():
                    store.promote(version := next(turns))
                promoted.append((time.perf_counter(), version))
                print(f"{number + 1} of {asked.promotions} promotions", file=sys.stderr)
                time.sleep(asked.every)
        with asking(server.port, questions, versions, asked.per_second) as after:
            time.sleep(asked.calm)
    calm = [*before.seconds, *after.seconds]
    p50, p99 = np.percentile(calm, [50, 99]) * 1000
    busy_p50, busy_p99 = np.percentile(during.seconds, [50, 99]) * 1000
    return {
        "promotions": len(promoted),
        "requests": len(during.seconds),
        "failed": sum(seen.failed for seen in (before, during, after)),
        "mixed": sum(seen.mixed for seen in (before, during, after)),
        "calm_p50_ms": round(float(p50), 1),
        "calm_p99_ms": round(float(p99), 1),
        "p50_ms": round(float(busy_p50), 1),
        "p99_ms": round(float(busy_p99), 1),
        "p99_ratio": round(float(busy_p99 / p99), 2),
        "old_version_for_seconds_max": round(max(_lags(during, promoted)), 2),
    }


def _questions(bundle: Bundle) -> Iterator[tuple[str, str, object]]:
    """Yield method, path and body of requests, in the mix of a shop's pages."""
    rng = np.random.default_rng(0)
    for _ in range(500):
        items = bundle.items.ids_of(rng.integers(0, len(bundle.items), 6).tolist())
        yield "GET", f"/v1/also-bought?item_id={items[0]}", None
        yield "GET", f"/v1/similar-items?item_id={items[1]}", None
        yield "GET", f"/v1/for-you?item_id={'&item_id='.join(items[2:5])}", None
        page = [{"placement": "similar-items", "item_id": items[5]}, {"placement": "also-bought", "item_id": items[5]}]
        yield "POST", "/v1/recommendations", {"placements": [*page, {"placement": "popular"}]}


@contextmanager
def asking(
    port: int, questions: list[tuple[str, str, object]], versions: dict[str, str], per_second: float
) -> Iterator[Seen]:
    """Have clients ask at fixed times, so many times a second together, until the block ends."""
    seen, stop, began = Seen(), threading.Event(), time.perf_counter() + 0.1
    lock = threading.Lock()

    def run(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in itertools.count(client, CLIENTS):
            due = began + number / per_second
            if stop.wait(max(0.0, due - time.perf_counter())):
                return
            try:
                status, answer = send(connection, *questions[number % len(questions)])
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = 0, None
                connection.close()
            with lock:
                if status != 200:
                    seen.failed += 1
                    continue
                seen.due.append(due)
                seen.seconds.append(time.perf_counter() - due)
                seen.versions.append(answer["model_version"])
                seen.mixed += is_mixed(answer, versions)

    threads = [threading.Thread(target=run, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def is_mixed(answer: dict[str, Any], versions: dict[str, str]) -> bool:
    """Tell whether an answer holds anything of another version than the one that it names."""
    slates = [slate for page in answer["pages"] for slate in page["slates"]] if "pages" in answer else [answer]
    version = answer["model_version"]
    return any(
        slate["model_version"] != version
        or any(not item["title"].endswith(f"of the {versions[version]}") for item in slate["items"])
        for slate in slates
    )


def _lags(seen: Seen, promoted: list[tuple[float, str]]) -> Iterator[float]:
    """Yield how long after each promotion a request was still due that the earlier version answered."""
    due, versions = np.array(seen.due), np.array(seen.versions)
    ends = [at for at, _ in promoted[1:]] + [np.inf]
    for (at, version), end in zip(promoted, ends, strict=True):
        late = due[(due > at) & (due < end) & (versions != version)]
        yield float(late.max() - at) if len(late) else 0.0


if __name__ == "__main__":
    main()
