"""Boosted sources and pins, against scores multiplied by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.models import ItemScores
from recommender.ranking import Boosted, FromPins, FromScores, at_positions


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_boosted_is_multiplied_and_sorted(n: int, wanted: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.permutation(n) + 1).astype(np.float32)
    factors = rng.choice([0.5, 1.0, 3.0], n).astype(np.float32)
    source = Boosted(FromScores(ItemScores(scores, np.arange(n, dtype=np.int32))), factors)
    allowed = rng.random(n) < 0.7
    for found, mask in ((source.top(wanted), np.ones(n, bool)), (source.within(allowed, wanted), allowed)):
        boosted = np.where(mask, scores * factors, 0)
        best = np.sort(boosted[boosted > 0])[::-1][:wanted]
        assert found.scores.tolist() == best.tolist()
        assert (boosted[found.items] == found.scores).all()
        assert found.support.tolist() == found.items.tolist()


def test_what_rises_is_found_however_low_it_stood() -> None:
    n = 5_000
    source = FromScores(ItemScores(np.linspace(1, 0.1, n, dtype=np.float32), np.zeros(n, np.int32)))
    factors = np.ones(n, dtype=np.float32)
    factors[n - 1] = 50
    assert Boosted(source, factors).top(3).items.tolist() == [n - 1, 0, 1]


def test_pins_keep_their_order() -> None:
    pins = FromPins(np.array([4, 2, 9], dtype=np.int32))
    assert pins.top(2).items.tolist() == [4, 2]
    allowed = np.ones(10, dtype=bool)
    allowed[4] = False
    assert pins.within(allowed, 5).items.tolist() == [2, 9]


def test_positions() -> None:
    assert at_positions(["a", "b", "c"], {1: "x", 3: "y"}) == ["x", "a", "y", "b", "c"]
    assert at_positions(["a"], {2: "x", 7: "y"}) == ["a", "x", "y"]
    assert at_positions([], {5: "x"}) == ["x"]
    assert at_positions(["a"], {}) == ["a"]
