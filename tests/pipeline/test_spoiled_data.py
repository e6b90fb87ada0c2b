"""Twelve ways in which a night's data can be spoiled, and none of them goes live; the same night unspoiled does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Store
from recommender.config import Config, parse_config
from recommender.errors import AlsoboughtError, DataError, GateRefusedError
from recommender.pipeline import train
from recommender.toy_shop import ToyShop

DAY = pd.Timedelta(days=1)
FILES = {"data": {"events": "events.csv", "catalogue": "items.csv"}}
TEN_YEARS = 3653 * 86_400
NOW = pd.Timestamp("2026-11-01", tz="UTC").timestamp()
QUICK = {"models": {"als": {"factors": 8, "epochs": 2}}}

Spoil = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]


@pytest.fixture(scope="module")
def yesterday(toy_shop: ToyShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop whose live version knows all but the last day."""
    folder = tmp_path_factory.mktemp("yesterday")
    known = toy_shop.events[toy_shop.events["timestamp"] < toy_shop.events["timestamp"].max() - DAY]
    _write(folder, known, toy_shop.catalogue)
    train.run(_config(folder))
    return folder


@pytest.fixture
def shop(yesterday: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(yesterday, tmp_path / "shop"))


def _config(folder: Path) -> Config:
    return parse_config({**FILES, **QUICK}, folder=folder)


def _write(folder: Path, events: pd.DataFrame, catalogue: pd.DataFrame) -> None:
    events.to_csv(folder / "events.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    catalogue.to_csv(folder / "items.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")


def _since(events: pd.DataFrame, days: float) -> pd.Series[bool]:
    return events["timestamp"] >= events["timestamp"].max() - days * DAY


def _empty(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return events.head(0), goods


def _shuffled_users(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    users = np.random.default_rng(0).permutation(events["user_id"].to_numpy())
    return events.assign(user_id=users), goods


def _last_year(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return events.assign(timestamp=events["timestamp"] - 365 * DAY), goods


def _ninety_per_cent_dropped(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return events.sample(frac=0.1, random_state=0).sort_values("timestamp"), goods


def _duplicated_week(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.concat([events, events[_since(events, 7)]]), goods


def _whale(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    last = events["timestamp"].max()
    rows = {
        "user_id": "u0100",
        "item_id": rng.choice(goods["item_id"], 3000),
        "event": "purchase",
        "timestamp": last - pd.to_timedelta(rng.integers(0, 86_400, 3000), unit="s"),
    }
    return pd.concat([events, pd.DataFrame(rows)]), goods


def _swapped_columns(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    named = events.dropna(subset="user_id")
    return named.rename(columns={"user_id": "item_id", "item_id": "user_id"}), goods


def _half_catalogue(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return events, goods.sample(frac=0.5, random_state=0)


def _one_event_type(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return events.assign(event="view"), goods


def _poisoned_item(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    best = events[events["event"] == "purchase"]["item_id"].value_counts().index[:10].tolist()
    last = events["timestamp"].max()
    fakes = [
        {"user_id": f"fake{n}", "item_id": item, "event": "purchase", "timestamp": last - int(seconds) * DAY / 86_400}
        for n, seconds in enumerate(rng.integers(0, 86_400, 40))
        for item in ("CALENDAR", *rng.choice(best, 3, replace=False))
    ]
    return pd.concat([events, pd.DataFrame(fakes)]), goods


def _clock_in_the_future(events: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    late = events["timestamp"].where(~_since(events, 3), events["timestamp"] + 3653 * DAY)
    return events.assign(timestamp=late), goods


SPOILED: dict[str, tuple[Spoil, str]] = {
    "empty": (_empty, "has no rows"),
    "shuffled users": (_shuffled_users, "history: of "),
    "last year": (_last_year, "new_events: the last event is of 2025-06-30"),
    "90% dropped": (_ninety_per_cent_dropped, "history: of "),
    "duplicated week": (_duplicated_week, "duplicates: in the week until 2026-06-30"),
    "one whale": (_whale, "busy_actor: .* are of one user"),
    "swapped columns": (_swapped_columns, "unlisted_items: 100% of the last days' events"),
    "half catalogue": (_half_catalogue, r"catalogue: \d+ of 111 items of the live version \(50%\) are no longer"),
    "all one event type": (_one_event_type, r"event_types: 0\.0% of the events are of type"),
    "poisoned item": (_poisoned_item, "item_burst: 40 users.*'CALENDAR'"),
    "clock in the future": (_clock_in_the_future, "future_time"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_spoiled_data_promotes_nothing(shop: Path, toy_shop: ToyShop, kind: str) -> None:
    spoil, said = SPOILED[kind]
    _write(shop, *spoil(toy_shop.events, toy_shop.catalogue))
    with pytest.raises(DataError, match=said):
        train.run(_config(shop))
    store = Store(shop / "models")
    assert store.names() == [store.current()] == ["v00001"]


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_promotes_nothing(shop: Path, toy_shop: ToyShop, share: float) -> None:
    _write(shop, toy_shop.events, toy_shop.catalogue)
    whole = (shop / "events.csv").read_bytes()
    (shop / "events.csv").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(AlsoboughtError, match="new_events: "):
        train.run(_config(shop))
    assert Store(shop / "models").names() == ["v00001"]


def test_the_same_night_unspoiled_goes_live(shop: Path, toy_shop: ToyShop) -> None:
    _write(shop, toy_shop.events, toy_shop.catalogue)
    result = train.run(_config(shop))
    assert result.promoted
    assert result.warnings == []
    assert Store(shop / "models").current() == "v00002"


def test_shuffled_users_would_not_pass_the_gate_either(shop: Path, toy_shop: ToyShop) -> None:
    """From enough users on (there are fewer here) for-you must be better than best sellers: no taste is left."""
    _write(shop, *_shuffled_users(toy_shop.events, toy_shop.catalogue))
    sections = {"doctor": {"off": ["history"]}, "gate": {"proof_users": 30}}
    with pytest.raises(GateRefusedError, match=r"(not significantly better|significantly worse) than best"):
        train.run(parse_config({**FILES, **QUICK, **sections}, folder=shop))


def test_a_few_events_of_the_future_are_kept_out(shop: Path, toy_shop: ToyShop) -> None:
    late = toy_shop.events.tail(5).assign(timestamp=lambda rows: rows["timestamp"] + 3653 * DAY)
    _write(shop, pd.concat([toy_shop.events, late]), toy_shop.catalogue)
    result = train.run(_config(shop))
    assert result.check.ingest.events[0].refused == {"future_time": 5}
    assert result.check.summary.as_of == "2026-06-30T20:40:52Z"


def test_a_clock_ten_years_behind_sees_only_future_events_and_promotes_nothing(
    shop: Path, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(shop, toy_shop.events, toy_shop.catalogue)
    with monkeypatch.context() as clock:
        clock.setattr("recommender.ingest.read.time.time", lambda: NOW - TEN_YEARS)
        with pytest.raises(DataError, match="future_time"):
            train.run(_config(shop))
    assert Store(shop / "models").names() == ["v00001"]
    train.run(_config(shop))
    assert Store(shop / "models").current() == "v00002"


def test_a_clock_ten_years_ahead_changes_neither_order_nor_ages(
    shop: Path, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(shop, toy_shop.events, toy_shop.catalogue)
    with monkeypatch.context() as clock:
        clock.setattr("recommender.ingest.read.time.time", lambda: NOW + TEN_YEARS)
        assert train.run(_config(shop)).promoted
    train.run(_config(shop))
    store = Store(shop / "models")
    assert (store.names(), store.current()) == (["v00001", "v00002", "v00003"], "v00003")
    assert store.manifest("v00003").files == store.manifest("v00002").files


def test_force_overrules_the_doctor_on_record_but_never_what_cannot_be_read(shop: Path, toy_shop: ToyShop) -> None:
    _write(shop, *_half_catalogue(toy_shop.events, toy_shop.catalogue))
    with pytest.raises(DataError, match="no rows"):
        train.run(_config(shop), events=toy_shop.events.head(0), force=True)
    assert train.run(_config(shop), force=True).verdict.startswith("forced: data doctor (catalogue")
