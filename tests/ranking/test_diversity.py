"""Maximal marginal relevance, by hand and against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ranking import Diversity
from recommender.ranking.diversity import mmr, similarities

NOBODY = np.zeros(0, dtype=np.int32)


def test_mmr_by_hand() -> None:
    """Of 1.0, 0.9 and 0.5, where the second is almost the first: with a dial of 0.5 the third comes before it.

    Second round: 0.5 * 0.9 - 0.5 * 0.95 = -0.025 against 0.5 * 0.5 - 0.5 * 0.1 = 0.2.
    """
    alike = np.array([[1, 0.95, 0.1], [0.95, 1, 0.1], [0.1, 0.1, 1]], dtype=np.float32)
    scores = np.array([1.0, 0.9, 0.5], dtype=np.float32)
    assert mmr(scores, alike, 0.5, 3).tolist() == [0, 2, 1]
    assert mmr(scores, alike, 0.0, 3).tolist() == [0, 1, 2]
    # 0.9 * 0.9 - 0.1 * 0.95 = 0.715 against 0.9 * 0.5 - 0.1 * 0.1 = 0.44
    assert mmr(scores, alike, 0.1, 3).tolist() == [0, 1, 2]


def test_what_stands_before_counts() -> None:
    alike = np.array([[1, 0, 1], [0, 1, 0]], dtype=np.float32)  # the first is the item that stands before both
    assert mmr(np.array([1, 0.9], np.float32), alike, 0.5, 2).tolist() == [1, 0]


def test_scores_are_divided_by_the_best() -> None:
    alike = np.array([[1, 0.95, 0.1], [0.95, 1, 0.1], [0.1, 0.1, 1]], dtype=np.float32)
    scores = np.array([1.0, 0.9, 0.5], dtype=np.float32)
    assert mmr(scores * 1e-3, alike, 0.5, 3).tolist() == mmr(scores, alike, 0.5, 3).tolist()


def test_similarities_by_hand() -> None:
    vectors = np.array([[1, 0], [2, 0], [0, 3], [-1, 0], [0, 0]], dtype=np.float32)
    category = np.array([0, 0, 1, 0, -1], dtype=np.int32)
    found = similarities(vectors, category)
    assert found[0].tolist() == [1.0, 1.0, 0.0, 0.5, 0.0]
    assert found[4].tolist() == [0.0] * 5
    assert similarities(vectors, np.full(5, -1, np.int32))[0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]


@given(st.integers(1, 12), st.integers(0, 3), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_mmr_is_greedy(n: int, before: int, dial: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.sort(rng.random(n).astype(np.float32))[::-1].copy()
    vectors = rng.normal(size=(n + before, 3)).astype(np.float32)
    alike = similarities(vectors, rng.integers(-1, 3, n + before).astype(np.int32))[:n]
    order = mmr(scores, alike, dial, n).tolist()
    assert sorted(order) == list(range(n))
    chosen: list[int] = list(range(n, n + before))
    for best in order:
        left = [place for place in range(n) if place not in chosen]
        gains = [
            (1 - dial) * scores[place] / scores[0] - dial * max((alike[place, one] for one in chosen), default=0)
            for place in left
        ]
        assert gains[left.index(best)] == pytest.approx(max(gains), abs=1e-6)
        chosen.append(best)


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_an_order_holds_everything_once(n: int, k: int, dial: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    diversity = Diversity(dial, rng.normal(size=(50, 4)).astype(np.float32), rng.integers(-1, 4, 50).astype(np.int32))
    items = rng.permutation(50)[:n].astype(np.int32)
    scores = np.sort(rng.random(n).astype(np.float32))[::-1].copy()
    order = diversity.order(items, scores, NOBODY, k).tolist()
    assert sorted(order) == list(range(n))
    assert order[0] == 0
    assert order[min(k, n) :] == sorted(order[min(k, n) :])
    if dial == 0:
        assert order == list(range(n))


def test_the_dial_lowers_likeness() -> None:
    """More of the dial never leaves the items more alike than none of it, over many random pools."""
    rng = np.random.default_rng(3)
    means = []
    for dial in (0.0, 0.3, 0.6, 1.0):
        likeness = []
        for _ in range(40):
            vectors = rng.normal(size=(60, 8)).astype(np.float32)
            scores = np.sort(rng.random(60).astype(np.float32))[::-1].copy()
            category = rng.integers(0, 6, 60).astype(np.int32)
            items = np.arange(60, dtype=np.int32)
            first = Diversity(dial, vectors, category).order(items, scores, NOBODY, 10)[:10]
            alike = similarities(vectors[first], category[first])
            likeness.append(alike[np.triu_indices(10, 1)].mean())
        means.append(float(np.mean(likeness)))
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.75 * means[0]
