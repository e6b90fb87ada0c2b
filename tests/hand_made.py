"""Events written by hand, a line each, and random ones, for tests that know every number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from recommender.dataset import NO_TIME, Events
from recommender.matrix import SECONDS_PER_DAY

steady = settings(deadline=None, derandomize=True, database=None)
"""Every run tries the same examples, however busy the machine."""

START = 1_767_225_600
"""2026-01-01 00:00 UTC, day 0."""

EVENT_TYPES = ("add_to_cart", "purchase", "return", "view")


@dataclass(frozen=True)
class E:
    """One event; `day` counts from 2026-01-01, None is a source without times."""

    item: int
    type: str = "purchase"
    user: int = -1
    session: int = -1
    order: int = -1
    day: float | None = 0.0
    quantity: float = 1.0


def make_events(*rows: E, n_users: int = 0, n_sessions: int = 0, n_orders: int = 0) -> Events:
    """Order events by time; the id spaces are as large as the rows need, or as asked."""
    rows = tuple(sorted(rows, key=lambda row: 0 if row.day is None else row.day))

    def size(least: int, ids: list[int]) -> int:
        return max([least, *(one + 1 for one in ids)])

    return Events(
        user=np.array([row.user for row in rows], dtype=np.int32),
        session=np.array([row.session for row in rows], dtype=np.int32),
        order=np.array([row.order for row in rows], dtype=np.int32),
        item=np.array([row.item for row in rows], dtype=np.int32),
        event_type=np.array([EVENT_TYPES.index(row.type) for row in rows], dtype=np.uint8),
        time=np.array(
            [NO_TIME if row.day is None else START + round(row.day * SECONDS_PER_DAY) for row in rows], dtype=np.int64
        ),
        quantity=np.array([row.quantity for row in rows], dtype=np.float32),
        price=np.full(len(rows), np.nan, dtype=np.float32),
        event_types=EVENT_TYPES,
        n_users=size(n_users, [row.user for row in rows]),
        n_sessions=size(n_sessions, [row.session for row in rows]),
        n_orders=size(n_orders, [row.order for row in rows]),
    )


def random_events(types: tuple[str, ...] = EVENT_TYPES, max_size: int = 40) -> st.SearchStrategy[Events]:
    """Events of a small shop in which every kind of actor meets every item, with or without times."""
    row = st.builds(
        E,
        item=st.integers(0, 5),
        type=st.sampled_from(types),
        user=st.integers(-1, 3),
        session=st.integers(-1, 2),
        order=st.integers(0, 4),
        day=st.integers(0, 40).map(float),
        quantity=st.sampled_from([1.0, 2.0, 3.0, 0.5]),
    )
    dated = st.lists(row, min_size=1, max_size=max_size).map(lambda rows: make_events(*rows))
    return st.one_of(dated, dated.map(_without_times))


def _without_times(events: Events) -> Events:
    return replace(events, time=np.full(len(events), NO_TIME, dtype=np.int64))
