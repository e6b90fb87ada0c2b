"""Every file-system call of a promotion, refused or never returned from: what is left, and does the next run succeed?

    python -m benchmarks.faults                    all calls, each with SIGKILL, EIO and ENOSPC; an hour
    python -m benchmarks.faults --every 20         every twentieth

strace counts the calls that publish, promote and prune make, runs them again once for each call and fault, and injects
the fault there. After each: CURRENT names the old or the new version, every version equals its digests, the next run
succeeds, and nothing half written is left. Needs strace (on Debian: apt install strace).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.config import parse_config
from recommender.errors import AlsoboughtError
from recommender.pipeline import train

CALLS = ("openat", "write", "fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir", "close")
FAULTS = {"SIGKILL": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}
LINE = re.compile(r"(\d+) +(\w+)\(")


def main() -> None:
    """Enumerate, inject, check, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="Only every so many of the calls.")
    parser.add_argument("--promote-in", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.promote_in:
        sys.exit(promote(Store(asked.promote_in)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = make_store(folder)
        calls = list(calls_of(template, folder))
        found: Counter[str] = Counter()
        chosen = calls[:: asked.every]
        for number, (call, when) in enumerate(chosen):
            for fault, injection in FAULTS.items():
                outcome = injected(template, folder, call, when, injection)
                found[f"{fault}: {outcome}"] += 1
                if outcome.startswith("BROKEN"):
                    print(f"{call} number {when}, {fault}: {outcome}")
            if number % 20 == 0:
                print(f"{number:,} of {len(chosen):,} calls: {dict(found)}", flush=True)
    row = {"calls": len(calls), "tried": len(chosen), **dict(sorted(found.items()))}
    print(row)
    write_record("faults-promotion", {"every": asked.every}, [row], kind="faults")


def promote(store: Store) -> int:
    """Do what the end of a nightly run does to the store, and return its exit code."""
    bundle = store.load("v00001")
    try:
        with store.locked():
            store.promote(store.publish(bundle))
            store.prune(2)
    except AlsoboughtError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def make_store(folder: Path) -> Path:
    """Return a small store with one live version."""
    buyers = pd.DataFrame({"user_id": [f"u{n % 7}" for n in range(60)], "item_id": [f"i{n % 11}" for n in range(60)]})
    times = pd.date_range("2026-01-01", periods=60, freq="D", tz="UTC")
    config = parse_config({"models": {"als": {"factors": 4, "epochs": 1}}}, folder=folder)
    train.run(config, events=buyers.assign(event="purchase", timestamp=times))
    return config.store_path


def calls_of(template: Path, folder: Path) -> Iterator[tuple[str, int]]:
    """Yield each call that a promotion makes once it holds the lock: its name, and its number among its like."""
    store, trace = Path(shutil.copytree(template, folder / "rehearsal")), folder / "trace"
    traced(store, "-o", str(trace), "-e", f"trace={','.join(CALLS)}")
    counts: Counter[str] = Counter()
    main_thread, locked = "", False
    for line in trace.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        main_thread = main_thread or found[1]
        if found[1] != main_thread:
            continue
        counts[found[2]] += 1
        locked = locked or f"{store}/LOCK" in line
        if locked:
            yield found[2], counts[found[2]]


def injected(template: Path, folder: Path, call: str, when: int, injection: str) -> str:
    """Run a promotion with one fault, and return how it ended, or what was broken afterwards."""
    path = folder / "store"
    shutil.rmtree(path, ignore_errors=True)
    store = Store(Path(shutil.copytree(template, path)))
    trace = ("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{injection}:when={when}")
    done = traced(store.path, *trace)
    ended = {0: "done", 6: "refused with 6"}.get(done.returncode, "killed" if done.returncode in (-9, 137) else "")
    if not ended:
        return f"BROKEN: it ended with {done.returncode}: {done.stderr[-300:]}"
    if ended.startswith("refused") and str(store.path) not in done.stderr:
        return f"BROKEN: no path in {done.stderr[-300:]}"
    try:
        if store.current() not in ("v00001", "v00002"):
            return f"BROKEN: CURRENT says {store.current()}"
        for version in store.names():
            store.load(version)
        if promote(store) or store.unfinished() or list(store.path.glob("*.new")):
            return "BROKEN: the next run did not succeed, or left something"
        store.load_live()
    except AlsoboughtError as error:
        return f"BROKEN: {error}"
    return ended


def traced(store: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a promotion under strace."""
    command = [sys.executable, "-m", "benchmarks.faults", "--promote-in", str(store)]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        ["strace", "-f", "-qq", *options, *command], env=environment, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    main()
