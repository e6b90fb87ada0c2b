"""SIGKILL, and a disk that refuses, at the steps of a whole run: the next one goes on, nothing is ever half live."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from recommender.bundle import Store
from recommender.bundle.runs import records
from recommender.config import Config, parse_config
from recommender.errors import StoreError
from recommender.pipeline import train
from recommender.pipeline.checkpoints import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["recommender.pipeline.train"])

STEPS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
KILL = "kill"


def config_of(folder: Path) -> Config:
    small = {"als": {"factors": 4, "epochs": 1}}
    return parse_config({"data": {"events": "events.csv"}, "models": small, "store": {"keep": 1}}, folder=folder)


def night_until(folder: Path, last_step: int, fault: str, notes: Path) -> None:
    """Run a night; at a step on the store's files be killed, or have the disk refuse; note steps and end."""
    steps: list[str] = []
    store = str(config_of(folder).store_path)

    def step(event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and store in str(arguments[0]):
            steps.append(event)
            if len(steps) == last_step + 1 and fault == KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            if len(steps) == last_step + 1:
                raise OSError(getattr(errno, fault), os.strerror(getattr(errno, fault)), str(arguments[0]))

    sys.addaudithook(step)
    try:
        train.run(config_of(folder), resume=True)
        ended = "done"
    except StoreError as error:
        ended = str(error)
    notes.write_text("\n".join([ended, *steps]))


def after(folder: Path, last_step: int, fault: str, notes: Path) -> int | None:
    process = PROCESSES.Process(target=night_until, args=(folder, last_step, fault, notes))
    process.start()
    process.join(60)
    return process.exitcode


@pytest.fixture
def shop(smallest: pd.DataFrame, tmp_path: Path) -> Callable[[], Path]:
    """A maker of shops, each with one live version."""
    template = tmp_path / "template"
    template.mkdir()
    smallest.to_csv(template / "events.csv", index=False)
    train.run(config_of(template))
    made = iter(range(1000))
    return lambda: Path(shutil.copytree(template, tmp_path / f"shop-{next(made)}"))


def steps_of(shop: Callable[[], Path], notes: Path) -> list[str]:
    assert after(shop(), 1_000_000, KILL, notes) == 0
    ended, *steps = notes.read_text().splitlines()
    assert ended == "done"
    return steps


def chosen(steps: list[str], every: int) -> list[int]:
    """Return the places of all renames, and the step after each, and every so many of the others."""
    renames = [place for place, step in enumerate(steps) if step == "os.rename"]
    places = {place + late for place in renames for late in (0, 1)} | set(range(0, len(steps), every))
    return sorted(place for place in places if place < len(steps))


def test_killed_anywhere_the_next_night_goes_on(shop: Callable[[], Path], tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    resumed = []
    for place in chosen(steps_of(shop, notes), every=150):
        folder = shop()
        assert after(folder, place, KILL, notes) == -signal.SIGKILL
        store = Store(config_of(folder).store_path)
        assert store.current() in store.names()
        for name in store.names():
            store.load(name)
        train.run(config_of(folder), resume=True)
        assert store.names() == [store.current()]
        assert store.unfinished() == []
        assert not (store.path / FOLDER).exists()
        assert not list(store.path.rglob("*.new"))
        found = records(store.path)
        assert found[-1]["outcome"] == "promoted"
        assert "running" not in {one["outcome"] for one in found}
        resumed.append(found[-1]["resumed_after"])
    assert {None, "read and check", "evaluate and compare", "fit on everything"} == set(resumed)


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC"])
def test_refused_anywhere_it_says_where_and_the_live_version_stays(
    shop: Callable[[], Path], tmp_path: Path, fault: str
) -> None:
    notes = tmp_path / "notes"
    for place in chosen(steps_of(shop, notes), every=200)[::2]:
        folder = shop()
        assert after(folder, place, fault, notes) == 0
        store = Store(config_of(folder).store_path)
        ended = notes.read_text().splitlines()[0]
        assert ended == "done" or str(store.path) in ended
        assert store.current() in store.names()
        for name in store.names():
            store.load(name)
        train.run(config_of(folder))
        assert store.names() == [store.current()]
        assert store.unfinished() == []
