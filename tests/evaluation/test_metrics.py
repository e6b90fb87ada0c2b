from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation import Metrics, measure


def items(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


BOTH = 1 + 1 / log2(3)


@pytest.mark.parametrize(
    ("slate", "relevant", "k", "wanted"),
    [
        ((4, 9), (4, 9), 2, (1, 1, 1)),
        ((9, 4), (4, 9), 2, (1, 1, 1)),
        ((1, 4), (4, 9), 2, (1 / 2, (1 / log2(3)) / BOTH, 1)),
        ((4, 1), (4, 9), 2, (1 / 2, 1 / BOTH, 1)),
        ((1, 2), (4, 9), 2, (0, 0, 0)),
        ((1, 2, 3, 4), (4,), 4, (1, 1 / log2(5), 1)),
        ((1, 2, 3, 4), (4,), 3, (0, 0, 0)),  # the hit is below the cut
        ((4,), (4, 5, 6, 7), 2, (1 / 2, 1 / BOTH, 1)),  # one of two places filled; more than 2 could not be found
        ((), (4,), 5, (0, 0, 0)),
        ((4,), (4,), 5, (1, 1, 1)),
    ],
)
def test_by_hand(slate: tuple[int, ...], relevant: tuple[int, ...], k: int, wanted: tuple[float, float, float]) -> None:
    found = measure(items(*slate), items(*relevant), k)
    assert (found.recall, found.ndcg, found.hit_rate) == pytest.approx(wanted)


def slowly(slate: list[int], relevant: set[int], k: int) -> Metrics:
    hits = [rank for rank, item in enumerate(slate[:k], start=1) if item in relevant]
    gained = sum(1 / log2(rank + 1) for rank in hits)
    possible = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return Metrics(len(hits) / min(k, len(relevant)), gained / possible, 1.0 if hits else 0.0)


@steady
@given(
    st.lists(st.integers(0, 15), unique=True, max_size=12),
    st.sets(st.integers(0, 15), min_size=1, max_size=8),
    st.integers(1, 14),
)
def test_equal_the_definitions(slate: list[int], relevant: set[int], k: int) -> None:
    found, wanted = measure(items(*slate), items(*relevant), k), slowly(slate, relevant, k)
    for name in ("recall", "ndcg", "hit_rate"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name))
        assert 0 <= getattr(found, name) <= 1 + 1e-12
