"""SIGKILL at every kind of step of publish, promote and prune; and who may write."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from recommender.bundle import Bundle, Store
from recommender.errors import LockHeldError

# A server of forks that has imported everything and run nothing: a child a few milliseconds away, free of threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["recommender.bundle"])

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


def nightly(store: Store, bundle: Bundle) -> None:
    """Do what a nightly run does to the store."""
    with store.locked():
        store.promote(store.publish(bundle))
        store.prune(1)


def nightly_until(path: Path, last_step: int, notes: Path) -> None:
    """Be killed before a step on the file system; note the steps where there are no more."""
    store = Store(path)
    bundle = store.load("v00001")
    steps: list[str] = []

    def step(event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and (event != "open" or str(path) in str(arguments[0])):
            steps.append(event)
            if len(steps) > last_step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)
    nightly(store, bundle)
    notes.write_text("\n".join(steps))


def hold(path: Path, ready: Path) -> None:
    with Store(path).locked():
        ready.touch()
        time.sleep(60)


def ended(path: Path, last_step: int, notes: Path) -> int | None:
    process = PROCESSES.Process(target=nightly_until, args=(path, last_step, notes))
    process.start()
    process.join(60)
    return process.exitcode


def test_killed_anywhere_the_store_is_whole(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    rehearsal = Path(shutil.copytree(store.path, tmp_path / "rehearsal"))
    assert ended(rehearsal, 1_000_000, tmp_path / "notes") == 0
    steps = (tmp_path / "notes").read_text().splitlines()
    renames = [place for place, step in enumerate(steps) if step == "os.rename"]
    assert len(renames) == 4, "a version, the promotions, the live line, a pruned version"
    places = {place + late for place in renames for late in (0, 1)}
    places |= {5, renames[0] // 2, len(steps) - 10, len(steps) - 1}

    lives = []
    for place in sorted(places):
        copy = Store(Path(shutil.copytree(store.path, tmp_path / f"killed-{place}")))
        assert ended(copy.path, place, tmp_path / "notes") == -signal.SIGKILL
        live = copy.current()
        assert live in copy.names()
        lives.append(live)
        assert [info.version for info in copy.versions() if info.live] == [live]
        for name in copy.names():
            copy.load(name)
        nightly(copy, bundle)
        assert copy.unfinished() == []
        assert copy.names() == [copy.current()]
        assert str(copy.current()) > str(live)
    before = ["v00001"] * sum(place <= renames[2] for place in places)
    assert lives == before + ["v00002"] * (len(places) - len(before))


def test_rollback_after_a_kill_goes_to_what_was_live(three: Store) -> None:
    """The trail is replaced before the live line: between the two it is one step ahead."""
    for trail in (["v00001", "v00002", "v00003", "v00001"], ["v00001", "v00002"]):
        (three.path / "PROMOTIONS").write_text("".join(f"{name}\n" for name in trail))
        assert three.current() == "v00003"
        assert three.rollback() == "v00002"
        three.promote("v00003")


def test_one_writer_at_a_time_and_a_killed_one_frees_the_lock(store: Store, tmp_path: Path) -> None:
    holder = PROCESSES.Process(target=hold, args=(store.path, tmp_path / "ready"))
    holder.start()
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    start = time.monotonic()
    with pytest.raises(LockHeldError, match="another run is writing"), store.locked():
        pass
    assert time.monotonic() - start < 1
    assert store.load_live().version == "v00001"
    holder.kill()
    holder.join()
    with store.locked():
        pass


def test_a_lock_that_the_disk_will_not_close_spoils_nothing(store: Store) -> None:
    with store.locked():
        (descriptor,) = [
            int(entry.name)
            for entry in Path("/proc/self/fd").iterdir()
            if os.path.realpath(entry) == f"{store.path}/LOCK"
        ]
        os.close(descriptor)
    with store.locked():
        pass


def test_the_lock_is_free_after_an_error(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.locked():
        1 / 0  # noqa: B018
    with store.locked():
        pass
