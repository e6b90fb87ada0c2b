from __future__ import annotations

import numpy as np
import pytest

from recommender.ingest.events import GrowingArray


def test_it_holds_what_was_appended() -> None:
    column = GrowingArray(np.int32)
    batches = [
        np.arange(start, start + size, dtype=np.int32) for start, size in ((0, 3), (3, 0), (3, 200_000), (200_003, 1))
    ]
    for batch in batches:
        column.extend(batch)
    np.testing.assert_array_equal(column.finish(), np.arange(200_004))


def test_nothing_appended() -> None:
    assert GrowingArray(np.float32).finish().shape == (0,)


def test_zeros_before_and_after_other_values() -> None:
    column = GrowingArray(np.uint64)
    batches = [np.zeros(3, np.uint64), np.array([0, 7], np.uint64), np.zeros(2, np.uint64)]
    for batch in batches:
        column.extend(batch)
    assert column.finish().tolist() == [0, 0, 0, 0, 7, 0, 0]


@pytest.mark.parametrize("value", [False, True, np.int32(-1), np.float32(1), np.float32("nan")])
def test_a_column_of_one_value_takes_the_memory_of_one(value: np.generic) -> None:
    values = np.full(6, value)
    column = GrowingArray(values.dtype)
    column.extend(values[:4])
    column.extend(values[4:])
    found = column.finish()
    np.testing.assert_array_equal(found, values)
    assert found.strides == (0,)


def test_one_value_and_then_another() -> None:
    column = GrowingArray(np.float32)
    column.extend(np.full(3, np.nan))
    column.extend(np.full(3, np.nan))
    column.extend(np.array([2.0, np.nan]))
    np.testing.assert_array_equal(column.finish(), [np.nan] * 6 + [2, np.nan])
