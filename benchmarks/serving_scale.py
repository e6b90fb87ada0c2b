"""The server on a large shop, 100,000 items x 128 factors and 1,000,000 users, beside a bare Flask route.

    python -m benchmarks.serving_scale                          about eight minutes, 1.5 GB in a temporary folder
    python -m benchmarks.serving_scale --items 5000 --users 20000 --rounds 1 --seconds 2

The shop is generated (`benchmarks/large_shop.py`), with the answers about all its items prepared, as `train` prepares
them. In turn, so many rounds: requests a second over 8 connections of a bare route that returns one constant answer
under the same gunicorn settings, and of ours; then, at half the rate that each just reached, the time of an answer from
when it was due (an open loop). "new" asks for another item each time, so nothing comes from a worker's memory;
"worked out" asks for nine items, which no answer is prepared for; "popular" asks for items as customers look at them, a
few of them very often. for-you folds in 50 items and filters by price and category. At the end the start is timed and
the memory of workers added up. Server and client share the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.large_shop import DEPARTMENTS, LargeShop, write_ids
from benchmarks.serving_events import ask, free_port, serving, start, wait
from benchmarks.serving_load import measure, measure_at_rate
from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.pipeline.prepared import prepare_answers

CONNECTIONS = 8
HISTORY = 50
PATHS = 40_000
BARE = "bare route"
Address = tuple[str, int]


def main() -> None:
    """Make the shop, measure in turn, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="How long each is asked, twice a round.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--record", metavar="NAME", help="Keep the figures in benchmarks/results, under this name.")
    asked = parser.parse_args()
    shop = LargeShop(asked.items, asked.users)
    with TemporaryDirectory(prefix="serving-scale-") as name:
        store = Store(Path(name))
        with store.locked():
            store.promote(store.publish(prepare_answers(shop.bundle(_say), shop.items, progress=_say)))
        megabytes = store.manifest(store.live()).bytes / 1e6
        print(f"a bundle of {megabytes:,.0f} MB", file=sys.stderr)
        rows = in_turn(store.path, shop, asked.rounds, asked.seconds, asked.workers)
        begun = start(store.path)
    print(json.dumps(begun))
    setting = {"items": shop.items, "users": shop.users, "factors": shop.factors, "workers": asked.workers}
    setting |= {"bundle_mb": round(megabytes), "start": begun}
    if asked.record:
        write_record(f"serving-scale-{asked.record}", setting, rows, "serving-scale")


def in_turn(store: Path, shop: LargeShop, rounds: int, seconds: float, workers: int) -> list[dict[str, Any]]:
    """Measure the bare route and each question in turn; a row for each reading."""
    rows: list[dict[str, Any]] = []
    with serving(store, workers) as server:
        wait(lambda: len(server.workers()) == workers, 60)
        _, answer = ask(server.port, "GET", f"/v1/also-bought?item_id={write_ids('i', 1)[0]}")
        with bare(json.dumps(answer, separators=(",", ":")), workers) as bare_port:
            ours = ("127.0.0.1", server.port)
            targets: dict[str, tuple[Address, list[bytes]]] = {BARE: (("127.0.0.1", bare_port), [b"/"] * CONNECTIONS)}
            targets |= {what: (ours, paths) for what, paths in questions(shop).items()}
            for turn in range(rounds):
                for what, (address, paths) in targets.items():
                    part = paths[turn * len(paths) // rounds :] + paths[: turn * len(paths) // rounds]
                    busy = os.getloadavg()[0]
                    closed = measure(address, part, CONNECTIONS, seconds)
                    at_half = measure_at_rate(
                        address, part[::-1], 4 * CONNECTIONS, seconds, closed["requests_per_second"] / 2
                    )
                    rows.append(
                        {
                            "what": what,
                            "turn": turn,
                            **closed,
                            "at_half": at_half,
                            "load_average_before": round(busy, 1),
                        }
                    )
                    print(rows[-1], file=sys.stderr)
    return rows


def questions(shop: LargeShop) -> dict[str, list[bytes]]:
    """Return the paths that each kind of question asks for."""
    rng = np.random.default_rng(1)
    ids = write_ids("i", shop.items)
    new = [ids[item] for item in rng.permutation(shop.items)]
    popular = [ids[item] for item in (shop.items * rng.random(PATHS) ** 6).astype(int)]

    def about(placement: str, items: list[str]) -> list[bytes]:
        return [f"/v1/{placement}?item_id={item}".encode() for item in items]

    def for_you() -> bytes:
        history = [("item_id", ids[item]) for item in rng.choice(shop.items, HISTORY, replace=False)]
        department = f"category under Department {rng.integers(DEPARTMENTS)}"
        return ("/v1/for-you?" + urlencode([*history, ("filter", "price <= 40"), ("filter", department)])).encode()

    return {
        "similar-items, new": about("similar-items", new),
        "also-bought, new": about("also-bought", new),
        "also-bought, worked out": [path + b"&k=9" for path in about("also-bought", new)],
        "also-bought, popular": about("also-bought", popular),
        "for-you, filtered": [for_you() for _ in range(PATHS // 4)],
    }


@contextmanager
def bare(body: str, workers: int) -> Iterator[int]:
    """Run a bare route that answers `body`; yield its port."""
    with TemporaryDirectory(prefix="bare-route-") as name:
        answer, port = Path(name) / "answer.json", free_port()
        answer.write_text(body, encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.bare_server", "--port", str(port), "--body", str(answer)]
        with (Path(name) / "server.log").open("wb") as log:
            process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=log)
        try:
            wait(lambda: _connects(port), 30)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _connects(port: int) -> bool:
    try:
        return ask(port, "GET", "/")[0] == 200
    except OSError:
        return False


def _say(what: str, done: int, of: int) -> None:
    if done % 10_240 < 1024:
        print(f"{what}: {done:,} of {of:,}", file=sys.stderr)


if __name__ == "__main__":
    main()
