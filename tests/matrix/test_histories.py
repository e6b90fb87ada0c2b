from __future__ import annotations

import tracemalloc
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from hand_made import E, make_events, random_events, steady
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, Events, stretches_of_actors
from recommender.matrix import Histories, build_histories, event_values, histories

N_ITEMS = 6
WEIGHTS = {"view": 1.0, "purchase": 10.0}


def value(events: Events) -> NDArray[np.float32]:
    return event_values(events, WEIGHTS, damp_quantity=True, half_life_days=10)


@steady
@given(random_events())
def test_rows_equal_a_dense_sum(events: Events) -> None:
    worth = value(events)
    shape = (events.n_actors, N_ITEMS)
    total, last, owned = np.zeros(shape), np.full(shape, NO_TIME), np.zeros(shape, dtype=bool)
    for row in range(len(events)):
        if worth[row] > 0:
            pair = events.actor[row], events.item[row]
            total[pair] += worth[row]
            last[pair] = max(last[pair], events.time[row])
            owned[pair] |= events.event_types[events.event_type[row]] == "purchase"

    histories = build_histories(events, worth)
    assert len(histories) == events.n_actors
    for actor in range(events.n_actors):
        items, values, flags, _ = histories.row(actor)
        assert items.tolist() == np.flatnonzero(total[actor]).tolist()
        np.testing.assert_allclose(values, total[actor, items], rtol=1e-6)
        assert (flags > 0).tolist() == owned[actor, items].tolist()
        window = slice(histories.indptr[actor], histories.indptr[actor + 1])
        assert histories.last_time[window].tolist() == last[actor, items].tolist()

    matrix = histories.user_items(N_ITEMS, max_items_per_user=N_ITEMS)
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix.toarray(), total, rtol=1e-6)


def test_actors_stand_in_the_order_users_sessions_guests() -> None:
    events = make_events(
        E(0, user=1), E(1, user=1, session=0, order=0), E(2, session=1), E(3, session=0, order=0), E(4, order=1)
    )
    rows = [build_histories(events, value(events)).row(actor)[0].tolist() for actor in range(events.n_actors)]
    assert rows == [[], [0, 1], [3], [2], [], [4]]


def test_first_keeps_the_first_rows_only() -> None:
    events = make_events(E(0, user=0), E(5, user=1), E(2, order=0))
    first = build_histories(events, value(events)).first(2)
    assert len(first) == 2
    assert first.items.tolist() == [0, 5]
    assert [len(array) for array in (first.values, first.last_time, first.bought)] == [2, 2, 2]


def test_a_day_of_purchases_counts_once_and_fades() -> None:
    events = make_events(
        E(2, user=0, day=0),
        E(0, user=0, day=1),
        E(0, user=0, day=1.5, quantity=9),
        E(0, user=0, day=11),
        E(1, user=0, day=11, type="view"),
    )
    worth = value(events)
    bought = build_histories(events, worth, own_half_life_days=10).row(0)[2]
    np.testing.assert_allclose(bought, [0.5 + 1, 0, 0.5**1.1], rtol=1e-6)
    assert build_histories(events, worth).row(0)[2].tolist() == [2, 0, 1]
    assert build_histories(events, worth, own_half_life_days=0.01).row(0)[2][2] > 0  # owned, however long ago


def test_no_history_is_empty() -> None:
    histories = build_histories(make_events(n_users=2), np.zeros(0, dtype=np.float32))
    assert [len(part) for part in histories.none()] == [0, 0, 0, 0]
    assert histories.user_items(3, max_items_per_user=5).shape == (2, 3)


@steady
@given(
    st.lists(st.lists(st.integers(1, 9), max_size=N_ITEMS), min_size=1, max_size=5),
    st.integers(1, N_ITEMS),
)
def test_cap_keeps_the_heaviest_items_of_each_user(rows: list[list[int]], most: int) -> None:
    histories = Histories(
        indptr=np.cumsum([0, *map(len, rows)]),
        items=np.array([item for row in rows for item in range(len(row))], dtype=np.int32),
        values=np.array([one for row in rows for one in row], dtype=np.float32),
        last_time=np.zeros(sum(map(len, rows)), dtype=np.int64),
        bought=np.ones(sum(map(len, rows)), dtype=np.float32),
    )
    before = histories.values.copy()
    matrix = histories.user_items(N_ITEMS, max_items_per_user=most)
    for user, row in enumerate(rows):
        kept = matrix[[user]]
        assert kept.nnz == min(most, len(row))
        assert sorted(kept.data.tolist()) == sorted(row)[-most:]
        assert all(row[item] == kept[0, item] for item in kept.indices)
    assert histories.values.tolist() == before.tolist()  # the bundle keeps the whole history


def test_equal_values_at_the_cap_keep_the_first_items() -> None:
    events = make_events(*(E(item, user=0) for item in (4, 2, 0, 5)))
    matrix = build_histories(events, value(events)).user_items(N_ITEMS, max_items_per_user=2)
    assert matrix.indices.tolist() == [0, 2]


def test_memory_grows_with_the_events_and_not_with_users_times_items() -> None:
    n, n_events = 200_000, 100_000  # dense, one bit a pair would be 5 GB
    rng = np.random.default_rng(0)
    small = make_events(E(0, user=0))
    events = Events(
        user=rng.integers(0, n, n_events).astype(np.int32),
        session=np.full(n_events, -1, dtype=np.int32),
        order=np.full(n_events, -1, dtype=np.int32),
        item=rng.integers(0, n, n_events).astype(np.int32),
        event_type=np.full(n_events, small.event_type[0]),
        time=np.arange(n_events),
        quantity=np.ones(n_events, dtype=np.float32),
        price=np.full(n_events, np.nan, dtype=np.float32),
        event_types=small.event_types,
        n_users=n,
        n_sessions=0,
        n_orders=0,
    )
    tracemalloc.start()
    try:
        matrix = build_histories(events, value(events)).user_items(n, max_items_per_user=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(matrix, sp.csr_matrix)
    assert matrix.shape == (n, n)
    assert matrix.sum() == pytest.approx(n_events, rel=0.3)
    assert peak < 64 * 2**20


@steady
@given(random_events())
def test_a_few_actors_at_a_time_give_the_same_rows(events: Events) -> None:
    worth = value(events)
    whole = build_histories(events, worth, own_half_life_days=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histories, "stretches_of_actors", partial(stretches_of_actors, rows_at_once=3))
        parts = build_histories(events, worth, own_half_life_days=10)
    for name in ("indptr", "items", "values", "last_time", "bought"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


@steady
@given(random_events(), st.integers(0, 2**40 - 1))
def test_what_does_not_count_is_as_if_it_were_not_there(events: Events, which: int) -> None:
    counted = np.array([bool(which >> number & 1) for number in range(len(events))])
    left = events.where(counted)
    if not len(left):
        return
    marked = event_values(events, WEIGHTS, damp_quantity=True, half_life_days=10, counted=counted)
    np.testing.assert_array_equal(marked[counted], value(left))
    assert not marked[~counted].any()
    found = build_histories(events, marked, own_half_life_days=10, as_of=left.as_of)
    wanted = build_histories(left, value(left), own_half_life_days=10)
    for name in ("indptr", "items", "values", "last_time", "bought"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
