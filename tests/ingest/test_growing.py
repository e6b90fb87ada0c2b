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
