"""The event log as a source of training, and what erasing means for every source."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from recommender.bundle import Store
from recommender.config import Config, parse_config
from recommender.errors import ConfigError
from recommender.event_log import EventLog, LoggedEvent
from recommender.ingest import read_dataset
from recommender.pipeline import train
from recommender.toy_shop import write_toy_shop

LOG = "sqlite:///events.db"
FILE = "user_id,session_id,item_id,event,timestamp,event_id\nu1,,a,purchase,2026-01-01,f1\nu2,,a,view,2026-01-02,f2\n"


def config_of(folder: Path, events: object) -> Config:
    (folder / "events.csv").write_text(FILE)
    return parse_config({"data": {"events": events}}, folder=folder)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog.at(LOG, tmp_path)


def event(number: int, **fields: object) -> LoggedEvent:
    given = {"event": "view", "timestamp": 1_780_000_000 + number, "received_at": 1.0, "item_id": "b"} | fields
    return LoggedEvent(f"e{number}", **given)  # type: ignore[arg-type]


def test_the_log_is_read_beside_files_and_its_end_is_noted(tmp_path: Path, log: EventLog) -> None:
    log.append(
        [
            event(1, user_id="u1"),
            event(2, session_id="s1", event="Product Viewed"),
            event(3, session_id="s2", event="impression"),
        ]
    )
    log.merge("s1", "u2")
    log.close()
    dataset, report = read_dataset(config_of(tmp_path, ["events.csv", LOG]))
    assert dataset.log_position == 3
    assert [dataset.users.id_of(user) for user in dataset.events.user.tolist()] == ["u1", "u2", "u1", "u2"]
    assert [source.used for source in report.events] == [2, 2]
    assert report.events[1].left_out == {"impression": 1}


def test_an_event_in_file_and_log_counts_once(tmp_path: Path, log: EventLog) -> None:
    log.append([LoggedEvent("f1", "purchase", 1_767_225_600, 1.0, "a", user_id="u1")])
    log.close()
    dataset, report = read_dataset(config_of(tmp_path, ["events.csv", LOG]))
    assert len(dataset.events) == 2
    assert report.events[1].repeated_ids == 1


def test_a_log_without_rows_is_no_error_beside_files(tmp_path: Path) -> None:
    dataset, _ = read_dataset(config_of(tmp_path, ["events.csv", LOG]))
    assert (len(dataset.events), dataset.log_position) == (2, 0)
    assert not (tmp_path / "events.db").exists()


def test_another_url_still_needs_its_query(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="write the SELECT"):
        read_dataset(config_of(tmp_path, ["events.csv", "sqlite:///other.db"]))


def test_erased_users_are_left_out_of_files_too(tmp_path: Path, log: EventLog) -> None:
    log.append([event(1, user_id="u1")])
    log.erase("u1")
    log.append([event(2, user_id="u1", timestamp=int(time.time()) + 60)])
    log.close()
    config = config_of(tmp_path, "events.csv")
    dataset, report = read_dataset(config)
    assert [dataset.users.id_of(user) for user in range(len(dataset.users))] == ["u2"]
    assert report.events[0].erased == 1
    assert "1 events of users who were erased are left out" in report.notices
    assert dataset.log_position is None
    back, _ = read_dataset(config_of(tmp_path, ["events.csv", LOG]))
    assert len(back.users) == 2


def test_a_trained_bundle_says_where_its_log_ends(tmp_path: Path) -> None:
    write_toy_shop(tmp_path / "data")
    log = EventLog.at(LOG, tmp_path)
    log.append([event(number, user_id=f"u{number}", item_id="GRIND-1") for number in range(5)])
    log.close()
    config = parse_config(
        {
            "data": {"events": ["data/events.csv", LOG], "catalogue": "data/items.csv"},
            "models": {"als": {"factors": 8, "epochs": 2}},
        },
        folder=tmp_path,
    )
    train.run(config)
    assert Store(config.store_path).load_live().manifest.log_position == 5
