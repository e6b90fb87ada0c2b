from __future__ import annotations

from dataclasses import replace

import numpy as np
from hand_made import random_events, steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Events

COLUMNS = ("user", "session", "order", "item", "event_type", "time", "quantity", "price")


def assert_chosen(events: Events, mask: np.ndarray) -> None:
    chosen = events.where(mask)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(chosen, name), getattr(events, name)[mask])


@steady
@given(random_events(), st.lists(st.booleans(), max_size=60))
def test_where_selects(events: Events, flags: list[bool]) -> None:
    assert_chosen(events, np.resize(np.array([*flags, True]), len(events)))


@steady
@given(random_events(), st.integers(0, 30), st.integers(0, 30))
def test_a_period_shares_its_memory(events: Events, first: int, count: int) -> None:
    mask = np.zeros(len(events), dtype=bool)
    mask[first : first + count] = True
    assert_chosen(events, mask)
    chosen = events.where(mask)
    assert len(chosen) == 0 or all(np.shares_memory(getattr(chosen, name), getattr(events, name)) for name in COLUMNS)


@steady
@given(random_events(), st.lists(st.booleans(), max_size=60))
def test_a_column_of_one_value_stays_one_value_in_memory(events: Events, flags: list[bool]) -> None:
    events = replace(events, price=np.broadcast_to(np.float32(np.nan), len(events)))
    mask = np.resize(np.array([*flags, True]), len(events))
    for chosen in (mask, np.flatnonzero(mask)):
        price = events.rows(chosen).price
        np.testing.assert_array_equal(price, events.price[chosen])
        assert len(price) == 0 or price.strides == (0,)
