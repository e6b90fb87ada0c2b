from __future__ import annotations

import numpy as np

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


def test_a_column_of_zeros_is_as_long_as_what_was_appended() -> None:
    column = GrowingArray(np.bool_)
    column.extend(np.zeros(4, bool))
    column.extend(np.zeros(2, bool))
    assert column.finish().tolist() == [False] * 6
