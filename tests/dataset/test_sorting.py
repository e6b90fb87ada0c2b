from __future__ import annotations

import numpy as np
import pytest
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import distinct, distinct_places, first_places, stable_order

values = st.lists(st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1)), max_size=30)


@steady
@given(values)
def test_it_is_what_numpy_finds(numbers: list[int]) -> None:
    array = np.array(numbers, dtype=np.int64)
    wanted, first, number = np.unique(array, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(distinct(array), wanted)
    assert [part.tolist() for part in first_places(array)] == [wanted.tolist(), first.tolist()]
    for found, expected in zip(distinct_places(array), (wanted, first, number), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(stable_order(array), np.argsort(array, kind="stable"))


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint64])
def test_of_many_equal_ones_the_earlier_comes_first(kind: type) -> None:
    array = np.random.default_rng(0).integers(0, 50, 5_000).astype(kind)
    np.testing.assert_array_equal(stable_order(array), np.argsort(array, kind="stable"))
    assert distinct(array).dtype == kind
