from __future__ import annotations

from itertools import pairwise

import numpy as np
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import hash_rows, stretches_of_actors, stretches_of_time

DAY = 86_400
few = st.integers(1, 9)


@steady
@given(st.lists(st.integers(0, 6 * DAY), min_size=1, max_size=40), few)
def test_stretches_of_time_hold_whole_days_and_every_row_once(times: list[int], rows_at_once: int) -> None:
    time = np.sort(np.array(times, dtype=np.int64))
    stretches = list(stretches_of_time(time, DAY, rows_at_once))
    assert [rows.start for rows in stretches] == [0, *(rows.stop for rows in stretches)][:-1]
    assert stretches[-1].stop == len(time)
    days = [set((time[rows] // DAY).tolist()) for rows in stretches]
    assert all(days)
    assert sum(map(len, days)) == len(set.union(*days)), "no day lies in two"
    assert all(
        len(found) == 1 or rows.stop - rows.start <= rows_at_once for rows, found in zip(stretches, days, strict=True)
    )


@steady
@given(st.lists(st.tuples(st.integers(-1, 12), st.booleans()), min_size=1, max_size=60), few)
def test_stretches_of_actors_hold_whole_actors_in_order(events: list[tuple[int, bool]], rows_at_once: int) -> None:
    actor = np.array([one for one, _ in events], dtype=np.int32)
    counted = np.array([flag for _, flag in events], dtype=bool)
    stretches = list(stretches_of_actors(actor, counted, rows_at_once))
    assert sorted(np.concatenate(stretches).tolist()) == np.flatnonzero(counted).tolist()
    assert all((np.diff(rows) > 0).all() for rows in stretches)
    edges = [(actor[rows].min(), actor[rows].max()) for rows in stretches if len(rows)]
    assert all(before[1] < after[0] for before, after in pairwise(edges))


def test_many_actors_are_cut_into_stretches_of_the_size_asked_for() -> None:
    actor = np.random.default_rng(0).integers(0, 5_000, 50_000).astype(np.int32)
    sizes = [len(rows) for rows in stretches_of_actors(actor, np.ones(len(actor), bool), 10_000)]
    assert len(sizes) == 5
    assert max(sizes) < 11_000


def test_rows_that_are_alike_have_one_hash_however_many_are_hashed_at_once() -> None:
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, 3, 500).astype(kind) for kind in (np.int32, np.uint8, np.int64, np.float32)]
    found = hash_rows(columns, rows_at_once=7)
    np.testing.assert_array_equal(found, hash_rows(columns))
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert len(set(zip(rows, found.tolist(), strict=True))) == len(set(rows)) == len(set(found.tolist()))
