"""Whole runs of `train`, killed at random moments while a server answers from their store.

    TMPDIR=/dev/shm python -m benchmarks.kills               200 kills; a quarter of an hour
    python -m benchmarks.kills --number 20 --seed 1

Each run is killed (SIGKILL) at a moment drawn evenly from the time that whole runs take; one that ended before is drawn
again. After each kill: CURRENT names the version from before or the new one, every version equals its digests, the next
run succeeds, with --resume every other time, and nothing half written is left. All the while one server is asked for
slates, one request after the other; each must be answered with 200.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving_events import send, serving
from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.bundle.runs import records
from recommender.config import Config, parse_config
from recommender.pipeline import train
from recommender.pipeline.checkpoints import FOLDER
from recommender.toy_shop import make_toy_shop

PATHS = ("/v1/popular", "/v1/for-you?user_id=u0001", "/v1/also-bought?item_id=TENT")

# A server of forks that has imported everything and run nothing: a child a few milliseconds away, free of threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["benchmarks.training.record", "recommender.pipeline.train"])


def main() -> None:
    """Kill, look, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=200, help="Kills.")
    parser.add_argument("--seed", type=int, default=0, help="Of the moments.")
    asked = parser.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        row = kills(Path(folder), asked.number, asked.seed)
    row["load_average_before"] = round(busy, 1)
    print(row)
    write_record("kills-train", {"number": asked.number, "seed": asked.seed}, [row], kind="kills")


def kills(folder: Path, number: int, seed: int) -> dict[str, Any]:
    """Kill so many runs in a folder, and return what was found."""
    write_shop(folder)
    seconds = [whole_run(folder, resume=False)]
    rng = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    killed_in: Counter[str] = Counter()
    resumed: Counter[str] = Counter()
    with serving(config_of(folder).store_path, workers=1) as server, asking(server.port) as answers:
        while found.total() < number:
            before = store_of(folder).live()
            if not killed(folder, rng.uniform(0, np.median(seconds[-9:]))):
                continue
            found[after_kill(folder, before)] += 1
            seconds.append(whole_run(folder, resume=bool(found.total() % 2)))
            *_, its, last = records(config_of(folder).store_path)
            killed_in[its["stages"][-1]["name"] if its["stages"] else "start"] += 1
            if "resume" in last["options"]:
                resumed[last["resumed_after"] or "nothing"] += 1
            if found.total() % 20 == 0:
                print(f"{found.total()} of {number} kills: {dict(found)}, {answers.failed[:3]}", flush=True)
    return {
        "kills": number,
        **dict(sorted(found.items())),
        "last_stage_done": dict(killed_in),
        "resumed_after": dict(resumed),
        "requests": answers.number,
        "failed_requests": len(answers.failed),
        "versions_seen": len(answers.versions),
        "run_median_seconds": round(float(np.median(seconds)), 2),
    }


def write_shop(folder: Path) -> None:
    """Write the events and the catalogue of a toy shop."""
    shop = make_toy_shop(n_users=60, n_days=60)
    shop.events.to_parquet(folder / "events.parquet")
    shop.catalogue.to_parquet(folder / "items.parquet")


def config_of(folder: Path) -> Config:
    """Return the configuration of the shop."""
    data = {"events": "events.parquet", "catalogue": "items.parquet"}
    small = {"als": {"factors": 8, "epochs": 2}}
    return parse_config({"data": data, "models": small, "store": {"keep": 2}}, folder=folder)


def store_of(folder: Path) -> Store:
    """Return the store of the shop."""
    return Store(config_of(folder).store_path)


def run(folder: Path, *, resume: bool) -> None:
    """Train, as `alsobought train` does."""
    train.run(config_of(folder), resume=resume)


def killed(folder: Path, moment_seconds: float) -> bool:
    """Begin a run and kill it after so many seconds; tell whether it had not ended by then."""
    process = PROCESSES.Process(target=run, args=(folder,), kwargs={"resume": False})
    process.start()
    process.join(moment_seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def after_kill(folder: Path, before: str) -> str:
    """Return which version is live after a kill, or what is broken."""
    store = store_of(folder)
    live = store.live()
    if live not in (before, store.names()[-1]):
        return f"BROKEN: {live} is live, {before} was"
    for name in store.names():
        store.load(name)
    return "the old version live" if live == before else "the new version live"


def whole_run(folder: Path, *, resume: bool) -> float:
    """Run to the end, look at what is left, and return the seconds it took."""
    start = time.perf_counter()
    process = PROCESSES.Process(target=run, args=(folder,), kwargs={"resume": resume})
    process.start()
    process.join()
    seconds = time.perf_counter() - start
    store = store_of(folder)
    path = store.path
    left = [*store.unfinished(), *path.rglob("*.new"), *path.glob(FOLDER)]
    last = records(path)[-1]["outcome"]
    if process.exitcode or last != "promoted" or left or store.live() != store.names()[-1] or len(store.names()) > 2:
        raise SystemExit(f"BROKEN: the next run ended with {process.exitcode}, {last}, and left {left}")
    return seconds


@dataclass
class Answers:
    """What a server answered: how many requests, which failed and how, the versions that answered."""

    number: int = 0
    failed: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)


@contextmanager
def asking(port: int) -> Iterator[Answers]:
    """Ask for one slate after the other, from a thread."""
    answers, stop = Answers(), threading.Event()

    def ask() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            while not stop.wait(0.05):
                path = PATHS[answers.number % len(PATHS)]
                answers.number += 1
                try:
                    status, answer = send(connection, "GET", path)
                    if status != 200:
                        raise OSError(status)
                    answers.versions.add(answer["model_version"])
                except (OSError, http.client.HTTPException, ValueError) as error:
                    answers.failed.append(f"{path}: {error!r}")
                    connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


if __name__ == "__main__":
    main()
