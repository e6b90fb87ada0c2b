"""Every file-system call of a promotion, refused or never returned from: what is left, and does the next run succeed?

    TMPDIR=/dev/shm python -m benchmarks.faults    all calls, those that change anything with SIGKILL, EIO and
                                                   ENOSPC, those that only read with EIO; half an hour
    python -m benchmarks.faults --every 20         every twentieth

strace counts the calls that lock, publish, promote and prune make, runs them again once for each call and fault, and
injects the fault there. After each: CURRENT names the old or the new version, every version equals its digests, the
next run succeeds, and nothing half written is left. Needs strace (on Debian: apt install strace) and the right to trace
a process that is no child (root has it). A folder in memory saves the waits for fsync; faults are injected before the
file system is asked.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd

from benchmarks.training.record import write_record
from recommender.bundle import Bundle, Store
from recommender.config import parse_config
from recommender.errors import AlsoboughtError
from recommender.pipeline import train

FAULTS = {"SIGKILL": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}
CHANGES = ("openat", "flock", "write", "fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir", "close")
QUESTIONS = ("read", "getdents64", "newfstatat")
"""What only reads: a kill there leaves what one at the next change leaves, and a full disk does not refuse it."""

LINE = re.compile(r"(\d+) +(\w+)\(")

# A server of forks that has imported everything and run nothing: a child a few milliseconds away, free of threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["benchmarks.training.record", "recommender.pipeline.train"])


def main() -> None:
    """Enumerate, inject, check, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="Only every so many of the calls.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = make_store(folder)
        calls = calls_of(template, folder)
        found: Counter[str] = Counter()
        chosen = calls[:: asked.every]
        for number, (call, when) in enumerate(chosen):
            for fault in FAULTS if call in CHANGES else ("EIO",):
                outcome = injected(template, folder, call, when, FAULTS[fault])
                found[f"{fault}: {outcome}"] += 1
                if outcome.startswith("BROKEN"):
                    print(f"{call} number {when}, {fault}: {outcome}")
            if number % 20 == 0:
                print(f"{number:,} of {len(chosen):,} calls: {dict(found)}", flush=True)
    row = {"calls": len(calls), "tried": len(chosen), **dict(sorted(found.items()))}
    print(row)
    write_record("faults-promotion", {"every": asked.every}, [row], kind="faults")


def promote(store: Store, bundle: Bundle) -> None:
    """Do what the end of a nightly run does to the store."""
    with store.locked():
        store.promote(store.publish(bundle))
        store.prune(2)


def promote_when_told(path: Path, say: Connection) -> None:
    """Load the version that is there, wait for SIGUSR1, promote, say what refused, and end with its exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    store = Store(path)
    bundle = store.load("v00001")
    say.send("ready")
    signal.sigwait({signal.SIGUSR1})
    try:
        promote(store, bundle)
    except AlsoboughtError as error:
        say.send(str(error))
        os._exit(error.exit_code)
    os._exit(0)


def make_store(folder: Path) -> Path:
    """Return a small store with one live version."""
    buyers = pd.DataFrame({"user_id": [f"u{n % 7}" for n in range(60)], "item_id": [f"i{n % 11}" for n in range(60)]})
    times = pd.date_range("2026-01-01", periods=60, freq="D", tz="UTC")
    config = parse_config({"models": {"als": {"factors": 4, "epochs": 1}}}, folder=folder)
    train.run(config, events=buyers.assign(event="purchase", timestamp=times))
    return config.store_path


def calls_of(template: Path, folder: Path) -> list[tuple[str, int]]:
    """Return the calls that a promotion makes: name, and number among its like in their thread.

    Threads count apart: where two make as many, both meet the fault at once.
    """
    store, trace = Path(shutil.copytree(template, folder / "rehearsal")), folder / "trace"
    ended, said = traced(store, "-o", str(trace), "-e", f"trace={','.join(CHANGES + QUESTIONS)}")
    if ended:
        raise SystemExit(f"the rehearsal ended with {ended}: {said}")
    counts: Counter[tuple[str, str]] = Counter()
    calls = []
    for line in trace.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if found:
            counts[found[1], found[2]] += 1
            calls.append((found[2], counts[found[1], found[2]]))
    return list(dict.fromkeys(calls))


def injected(template: Path, folder: Path, call: str, when: int, injection: str) -> str:
    """Run a promotion with one fault, and return how it ended, or what was broken afterwards."""
    path = folder / "store"
    shutil.rmtree(path, ignore_errors=True)
    store = Store(Path(shutil.copytree(template, path)))
    trace = ("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{injection}:when={when}")
    code, said = traced(path, *trace)
    ended = {0: "done", 6: "refused with 6", -signal.SIGKILL: "killed"}.get(code, "")
    if not ended:
        return f"BROKEN: it ended with {code}: {said}"
    if ended.startswith("refused") and str(path) not in said:
        return f"BROKEN: no path in {said!r}"
    try:
        if store.current() not in ("v00001", "v00002"):
            return f"BROKEN: CURRENT says {store.current()}"
        for version in store.names():
            store.load(version)
        promote(store, store.load("v00001"))
        if store.unfinished() or list(path.glob("*.new")):
            return "BROKEN: the next run left something"
        store.load_live()
    except AlsoboughtError as error:
        return f"BROKEN: {error}"
    return ended


def traced(store: Path, *options: str) -> tuple[int | None, str]:
    """Run a promotion under strace, which counts calls from when it is told to begin; return its end and message."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    promotion = PROCESSES.Process(target=promote_when_told, args=(store, theirs))
    promotion.start()
    theirs.close()
    ours.recv()
    pid = promotion.pid or 0
    strace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), *options])
    while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text():
        if strace.poll() is not None:
            raise SystemExit("strace may not trace it; run as root")
        time.sleep(0.001)
    os.kill(pid, signal.SIGUSR1)
    promotion.join(60)
    strace.wait(60)
    with ours, suppress(EOFError):
        return promotion.exitcode, ours.recv()
    return promotion.exitcode, ""


if __name__ == "__main__":
    main()
