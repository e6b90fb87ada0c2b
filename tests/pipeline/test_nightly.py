"""The run as a whole: its record, what it does when it is told to stop, and how it goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from recommender.bundle import Store
from recommender.bundle.runs import records
from recommender.config import Config
from recommender.errors import DataError, GateRefusedError, StoppedError, StoreError
from recommender.pipeline import run_page, run_record, train
from recommender.pipeline.checkpoints import FOLDER
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure


def trained(config: Config, shop: ToyShop, **options: object) -> train.TrainResult:
    return train.run(config, events=shop.events, catalogue=shop.catalogue, **options)  # type: ignore[arg-type]


def record(config: Config, number: int) -> dict[str, object]:
    found: dict[str, object] = json.loads((config.store_path / "runs" / f"{number:05d}.json").read_text())
    return found


def stopping_in(stage: str, number: int):  # type: ignore[no-untyped-def]
    """Return a progress that sends this process a signal when a stage reports."""
    return lambda name, done, total: os.kill(os.getpid(), number) if name == stage else None


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_does_all_but_publish(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    result = trained(config, small_shop, dry_run=True)
    assert (result.version, result.promoted) == (None, False)
    assert result.metrics
    assert [stage.name for stage in result.stages][-2:] == ["fit on everything", "guardrails"]
    assert files(config.store_path) == {"LOCK", "runs/00001.json", "runs/index.html"}
    assert record(config, 1)["outcome"] == "dry run"
    bad = configure(guardrails={"max_p99_ms": 1e-9})
    with pytest.raises(
        GateRefusedError, match=r"the guardrails refused: p99 of the self-test, ms is .*, at most 1e-09"
    ):
        trained(bad, small_shop, dry_run=True)


def test_the_record_tells_what_was_done(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    trained(config, small_shop, force=True, promote=False)
    first, second = record(config, 1), record(config, 2)
    assert (first["outcome"], first["exit_code"], first["version"], first["live_before"]) == (
        "promoted",
        0,
        "v00001",
        None,
    )
    assert (second["outcome"], second["version"], second["live_before"]) == ("published", "v00002", "v00001")
    assert second["options"] == ["force", "no_promote"]
    assert first["data"]["new_events"] == first["data"]["events"] == len(small_shop.events)  # type: ignore[index]
    assert second["data"]["new_events"] == 0  # type: ignore[index]
    assert second["figure"]["low"] < second["figure"]["value"] < second["figure"]["high"]  # type: ignore[index]
    assert {one["name"] for one in second["guardrails"]} == {  # type: ignore[attr-defined]
        "p99 of the self-test, ms", "in stock", "catalogue overlap", "size, times live", "coverage, times live",
        "churn of lists", "popularity, times live",
    }  # fmt: skip
    assert first["config"]["models"]["als"]["factors"] == 8  # type: ignore[index]
    assert not set(small_shop.events["user_id"].dropna()) & set(json.dumps(second["data"]).split('"'))


def test_a_failure_is_on_record_and_leaves_nothing_else(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    before = files(config.store_path)
    with pytest.raises(DataError):
        train.run(config, events=small_shop.events.head(9))
    assert files(config.store_path) - before == {"runs/00002.json"}
    found = record(config, 2)
    assert (found["outcome"], found["exit_code"]) == ("failed", 3)
    assert str(found["message"]).startswith("too little to train on")


def test_a_killed_run_is_called_killed_by_the_next(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    with Store(config.store_path).locked():
        run_record.RunLog(config.store_path, [])  # and no word of its end
    trained(config, small_shop)
    assert [one["outcome"] for one in records(config.store_path)] == ["killed", "promoted"]


def test_a_damaged_record_is_passed_over(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    (config.store_path / "runs" / "00007.json").write_text("{")
    assert trained(config, small_shop).run == 2


def test_runs_are_numbered_whatever_the_clock_says(
    configure: Configure, small_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure()
    for clock in ("2036-11-24T03:00:00Z", "2016-11-24T03:00:00Z", "2026-11-24T03:00:00Z"):
        monkeypatch.setattr(run_record, "_now", lambda clock=clock: clock)
        trained(config, small_shop)
    assert [one["version"] for one in records(config.store_path)] == ["v00001", "v00002", "v00003"]
    assert [one["started_at"][:4] for one in records(config.store_path)] == ["2036", "2016", "2026"]


@pytest.mark.parametrize(
    ("stage", "after"),
    [
        ("reading events", "read and check"),
        ("evaluate for-you", "evaluate and compare"),
        ("find neighbours", "fit on everything"),
    ],
)
def test_told_to_stop_it_finishes_the_stage_and_goes_on_from_there(
    configure: Configure, small_shop: ToyShop, stage: str, after: str
) -> None:
    config = configure()
    with pytest.raises(StoppedError, match=f"after '{after}'; `alsobought train --resume`"):
        trained(config, small_shop, progress=stopping_in(stage, signal.SIGTERM))
    assert (record(config, 1)["outcome"], record(config, 1)["exit_code"]) == ("stopped", 130)
    assert Store(config.store_path).names() == []

    seen: list[str] = []
    result = train.run(config, resume=True, progress=lambda name, done, total: seen.append(name))
    assert record(config, 2)["resumed_after"] == after
    assert stage not in seen
    assert result.version == "v00001"
    assert not (config.store_path / FOLDER).exists()
    plain = configure(store={"path": "plain"})
    trained(plain, small_shop)
    ours, theirs = (Store(one.store_path).manifest("v00001") for one in (config, plain))
    assert ours.files == theirs.files
    assert ours.metrics == theirs.metrics == result.metrics


@pytest.mark.usefixtures("interruptible")
def test_interrupted_by_hand_it_can_be_resumed_too(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    with pytest.raises(KeyboardInterrupt):
        trained(config, small_shop, progress=stopping_in("find neighbours", signal.SIGINT))
    assert record(config, 1)["message"] == "interrupted"
    train.run(config, resume=True)
    assert record(config, 2)["resumed_after"] == "evaluate and compare"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Hear SIGINT also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_what_was_published_is_not_published_twice(
    configure: Configure, small_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure()
    with monkeypatch.context() as patch:
        patch.setattr(Store, "promote", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            trained(config, small_shop)
    assert (Store(config.store_path).names(), Store(config.store_path).current()) == (["v00001"], None)
    train.run(config, resume=True)
    assert (Store(config.store_path).names(), Store(config.store_path).current()) == (["v00001"], "v00001")


def test_another_configuration_or_a_damaged_checkpoint_starts_anew(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()

    def stopped() -> None:
        with pytest.raises(StoppedError):
            trained(config, small_shop, progress=stopping_in("find neighbours", signal.SIGTERM))

    stopped()
    other = configure(matrix={"half_life_days": 30})
    assert trained(other, small_shop, resume=True).promoted
    assert record(config, 2)["resumed_after"] is None
    stopped()
    for name in ("data/events/item.npy", "gate.json", "fitted/popular/scores.npy"):
        path = config.store_path / FOLDER / name
        path.write_bytes(path.read_bytes()[:-3])
    assert trained(config, small_shop, resume=True).promoted
    assert record(config, 4)["resumed_after"] is None
    assert trained(config, small_shop, resume=True).promoted, "nothing to resume: a run like any other"


def test_the_disk_is_full_wherever_it_is(
    configure: Configure, small_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file that a run writes, refused in turn: exit 6, the path, the live version as it was, no stump."""
    config = configure()
    trained(config, small_shop)
    kept = files(config.store_path / "v00001")
    written = 0
    place = 0
    opened = Path.open

    def refuse(path: Path, mode: str = "r", *arguments: object, **options: object) -> object:
        nonlocal written
        if "w" in mode and config.store_path in path.parents:
            written += 1
            if written > place:
                raise OSError(28, os.strerror(28), str(path))
        return opened(path, mode, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)
    for place in (0, 1, 4, 9, 20, 40, 80, 100, 130):  # noqa: B007
        written = 0
        with pytest.raises(StoreError, match=f"{config.store_path}.*No space left on device"):
            trained(config, small_shop)
        store = Store(config.store_path)
        assert store.current() == "v00001"
        assert store.unfinished() == []
        assert not (store.path / FOLDER).exists()
        assert files(store.path / "v00001") == kept


def test_the_page_shows_the_last_thirty_runs(configure: Configure, small_shop: ToyShop) -> None:
    config = configure()
    trained(config, small_shop)
    with pytest.raises(DataError):
        train.run(config, events=small_shop.events.head(9))
    first = (config.store_path / "runs" / "00001.json").read_bytes()
    for number in range(3, 40):
        copy = {**orjson.loads(first), "run": number, "verdict": "<b>odd</b>"}
        (config.store_path / "runs" / f"{number:05d}.json").write_bytes(orjson.dumps(copy))
    text = run_page.write_page(config.store_path).read_text(encoding="utf-8")
    assert text.count("<details>") == 30
    assert "Run 39" in text
    assert "Run 9," not in text
    assert "<b>odd" not in text
    assert "http" not in text
    for chart in ("Metric: ", "Data: ", "Time: "):
        assert f'aria-label="{chart}' in text
    shutil.rmtree(config.store_path / "runs")
    assert "No run yet" in run_page.render(records(config.store_path))
