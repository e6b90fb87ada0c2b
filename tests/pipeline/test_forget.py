"""A user is forgotten: at once in answers, then in every file, and in the next version as if never there."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import Store
from recommender.config import Config, parse_config
from recommender.erasure import Wanted, search
from recommender.errors import ConfigError, LockHeldError
from recommender.event_log import EventLog, LoggedEvent, ServedSlate, erasure_digest
from recommender.pipeline import export, forget, train
from recommender.pipeline.slates import Question
from recommender.toy_shop import ToyShop

USER = "u0007"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, small_shop: ToyShop) -> Path:
    """The folder of a shop in files that was trained once; some of the user's rows are refused."""
    folder = tmp_path_factory.mktemp("trained")
    broken = small_shop.events[small_shop.events["user_id"] == USER].head(2).assign(timestamp="soon")
    events = small_shop.events.assign(timestamp=small_shop.events["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for frame, name in ((events, "events"), (broken, "late"), (small_shop.catalogue, "items")):
        frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    train.run(configuration(folder))
    return folder


def configuration(folder: Path, **sections: object) -> Config:
    tree = {
        "data": {"events": ["events.csv", "late.csv"], "catalogue": "items.csv"},
        "models": {"als": {"factors": 8, "epochs": 2}},
        "privacy": {"files": ["own/*.jsonl"]},
    }
    return parse_config({**tree, **sections}, folder=folder)


@pytest.fixture
def shop(trained: Path, tmp_path: Path) -> Callable[..., Config]:
    """A copy of that shop with an export, a list of its own and an event log."""

    def make(**sections: object) -> Config:
        config = configuration(Path(shutil.copytree(trained, tmp_path, dirs_exist_ok=True)), **sections)
        export.run(config, Question("for-you", 5, "user_id"), None, tmp_path / "slates.csv", workers=1)
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "list.jsonl").write_text(f'{{"user_id":"{USER}"}}\n{{"user_id":"u0008"}}\n')
        log = EventLog.at(config.serving.event_log, config.folder)
        log.append(
            [
                LoggedEvent("e1", "view", int(time.time()), 1.0, "LAMP", user_id=USER, session_id="browser-of-7"),
                LoggedEvent("e2", "view", int(time.time()), 1.0, "LAMP", session_id="browser-of-7"),
                LoggedEvent("e3", "view", int(time.time()), 1.0, "LAMP", user_id="u0008"),
            ],
            [ServedSlate("r1", 1.0, "for-you", "v00001", (), (("LAMP", "als"),), user_id=USER)],
        )
        log.close()
        return config

    return make


def found(folder: Path, wanted: Wanted) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and search(path, wanted)}


def test_a_user_is_gone_from_all_but_what_waits_for_its_day(shop: Callable[..., Config], tmp_path: Path) -> None:
    config, wanted = shop(), Wanted(USER, ("browser-of-7",))
    held = {"models/v00001/ids/users-blob.npy", "slates.csv", "own/list.jsonl", "events.csv", "late.csv"}
    assert held | {"refused/events.csv"} <= found(tmp_path, wanted)
    assert any(name.startswith("events.db") for name in found(tmp_path, wanted))
    done = forget.run(config, USER)
    assert found(tmp_path, wanted) == {"models/v00001/ids/users-blob.npy", "events.csv", "late.csv"}
    receipt = json.loads(Path(done.path).read_text())
    assert (receipt["events"], receipt["sessions"], receipt["left"]) == (2, 1, [])
    assert {Path(one["path"]).name: one["rows"] for one in receipt["taken"]} == {
        "events.csv": 2, "slates.csv": 5, "list.jsonl": 1,
    }  # fmt: skip
    assert list(receipt["pending"]) == ["v00001"]
    assert receipt["user_sha256"] == erasure_digest("user", USER)
    assert receipt["not_ours"] == ["events.csv", "late.csv"]
    assert USER not in Path(done.path).read_text()
    assert "u0008" in (tmp_path / "slates.csv").read_text()
    again = forget.run(config, USER)
    assert (again.receipt.events, again.receipt.taken, again.receipt.left) == (0, [], [])
    assert Path(again.path).name == "00002.json"


def test_the_next_version_is_the_one_of_a_shop_that_never_met_the_user(
    shop: Callable[..., Config], small_shop: ToyShop, tmp_path: Path
) -> None:
    config = shop(privacy={"purge_days": 0.0})
    forget.run(config, USER)
    train.run(config)
    assert Store(config.store_path).names() == ["v00002"], "training deletes the version whose day has come"
    ours = Store(config.store_path).load_live()
    strangers = small_shop.events[small_shop.events["user_id"] != USER]
    elsewhere = parse_config({"models": {"als": {"factors": 8, "epochs": 2}}}, folder=tmp_path / "elsewhere")
    train.run(elsewhere, events=strangers, catalogue=small_shop.catalogue)
    theirs = Store(elsewhere.store_path).load_live()
    assert ours.users.index_of(USER) is None
    assert list(ours.users) == list(theirs.users)
    assert list(ours.sessions) == list(theirs.sessions)
    for name in ("co_purchase", "item_knn", "similar", "category_purchase", "bought_within"):
        for column in ("indptr", "neighbours", "scores"):
            np.testing.assert_array_equal(
                getattr(getattr(ours, name), column), getattr(getattr(theirs, name), column), err_msg=f"{name} {column}"
            )
    np.testing.assert_array_equal(ours.als.item_factors, theirs.als.item_factors)
    for name in ("popular", "trending", "new_arrivals"):
        np.testing.assert_array_equal(getattr(ours, name).scores, getattr(theirs, name).scores)
    np.testing.assert_array_equal(ours.histories.values, theirs.histories.values)


def test_a_version_waits_for_its_day_and_the_live_one_for_another(
    shop: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = shop()
    store = Store(config.store_path)
    assert forget.run(config, USER, at_once=True).receipt.removed == [], "the only version is live"
    store.promote(store.publish(store.load_live()))
    assert forget.purge_erased(config) == [], "not yet"
    late = time.time() + 31 * 86_400
    with monkeypatch.context() as clock:
        clock.setattr("recommender.pipeline.forget.time.time", lambda: late)
        assert forget.purge_erased(config) == ["v00001"]
        assert forget.purge_erased(config) == [], "v00002 is live"
    assert store.names() == ["v00002"]
    store.promote(store.publish(store.load_live()))
    done = forget.run(config, USER, at_once=True)
    assert (done.receipt.removed, list(done.receipt.pending)) == (["v00002"], ["v00003"])


def test_what_can_not_be_taken_out_is_told(shop: Callable[..., Config], tmp_path: Path) -> None:
    config = shop(privacy={"files": ["mail.txt"]})
    (tmp_path / "mail.txt").write_text("Dear customer browser-of-7,\n")
    (hit,) = forget.run(config, USER).receipt.left
    assert (Path(hit.path).name, hit.where) == ("mail.txt", "byte 14")


def test_the_log_is_erased_even_while_a_run_holds_the_store(shop: Callable[..., Config]) -> None:
    config = shop()
    with Store(config.store_path).locked(), pytest.raises(LockHeldError):
        forget.run(config, USER)
    log = EventLog.at(config.serving.event_log, config.folder)
    assert erasure_digest("user", USER) in log.erasures()
    log.close()


def test_without_an_event_log_nothing_would_remember(shop: Callable[..., Config]) -> None:
    config = shop()
    without = config.model_copy(update={"serving": config.serving.model_copy(update={"event_log": ""})})
    with pytest.raises(ConfigError, match="nothing remembers who was erased"):
        forget.run(without, USER)
    with pytest.raises(ConfigError, match="--user: is empty"):
        forget.run(config, "")


def test_with_postgresql(shop: Callable[..., Config], own_schema: Callable[[], str]) -> None:
    config = shop(serving={"event_log": own_schema()})
    done = forget.run(config, USER)
    assert (done.receipt.events, done.receipt.sessions, done.receipt.left) == (2, 1, [])
    assert list(done.receipt.pending) == ["v00001"]
    log = EventLog.at(config.serving.event_log, config.folder)
    assert log.mentions([USER, "browser-of-7"]) == 0
    assert log.mentions(["u0008"]) == 1
    log.close()
