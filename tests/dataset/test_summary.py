from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.config import parse_config
from recommender.dataset import Dataset
from recommender.dataset.summary import find_robots, pair_density, summarise
from recommender.ingest import read_dataset


def dataset_of(events: dict[str, Any], catalogue: dict[str, Any] | None = None) -> Dataset:
    config = parse_config({"data": {"events": "unused.csv"}})
    goods = None if catalogue is None else pd.DataFrame(catalogue)
    return read_dataset(config, events=pd.DataFrame(events), catalogue=goods)[0]


def test_a_summary_by_hand() -> None:
    events = {
        "user_id": ["u", "u", "u", "v", None, None, None],
        "session_id": ["s", None, None, None, "t", None, None],
        "order_id": ["o1", "o1", None, None, None, "o2", "o2"],
        "item_id": ["a", "b", "a", "a", "c", "a", "b"],
        "event": ["purchase", "purchase", "return", "view", "view", "purchase", "purchase"],
        "timestamp": pd.date_range("2024-01-01", periods=7, freq="D"),
    }
    summary = summarise(dataset_of(events, {"item_id": ["a", "b", "d"]}))
    assert summary.to_dict() == {
        "users": 2,
        "sessions": 2,
        "guest_orders": 1,
        "items": 4,
        "events": 7,
        "events_by_type": {"view": 2, "purchase": 4, "return": 1},
        "returns": 1,
        "first_time": "2024-01-01T00:00:00Z",
        "last_time": "2024-01-07T00:00:00Z",
        "as_of": "2024-01-07T00:00:00Z",
        "density": 3 / 8,
        "single_event_users": 1,
        "unlisted_items": 1,
        "unlisted_events": 1,
        "silent_items": 1,
        "robots": 0,
        "robot_ids": [],
    }
    assert json.dumps(summary.to_dict())


def test_without_times_and_catalogue() -> None:
    summary = summarise(dataset_of({"user_id": ["u"], "item_id": ["a"]}))
    assert (summary.first_time, summary.as_of) == (None, None)
    assert (summary.unlisted_items, summary.unlisted_events, summary.silent_items) == (0, 0, 0)
    assert summary.density == 1.0


def test_robots_are_named_the_busiest_first() -> None:
    users = [f"u{i}" for i in range(1000)] + ["crawler"] * 1500 + ["busy"] * 900
    sessions = [None] * len(users) + ["scraper"] * 2000
    summary = summarise(
        dataset_of({"user_id": users + [None] * 2000, "session_id": sessions, "item_id": ["i"] * len(sessions)})
    )
    assert summary.robots == 2
    assert summary.robot_ids == ("scraper", "crawler")


def test_many_events_are_no_robot_where_many_have_them() -> None:
    actor = np.repeat(np.arange(10), 5000).astype(np.int32)
    assert len(find_robots(actor, 10)) == 0
    assert len(find_robots(np.zeros(0, np.int32), 0)) == 0


@pytest.mark.parametrize(("users", "items", "expected"), [(0, 3, 0.0), (2, 2, 0.5)])
def test_density_counts_pairs_once_and_known_users_only(users: int, items: int, expected: float) -> None:
    user = np.array([0, 0, 1, -1], np.int32) if users else np.array([-1], np.int32)
    item = np.array([1, 1, 0, 0], np.int32) if users else np.array([0], np.int32)
    assert pair_density(user, item, users, items) == expected
