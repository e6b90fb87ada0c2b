from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation import metrics
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.metrics import RANKING_METRICS, ItemFacts

BOTH = 1 + 1 / log2(3)
NAN = float("nan")


def slates(*rows: list[int]) -> np.ndarray:
    width = max(len(row) for row in rows)
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int32)


def lists(*rows: list[int]) -> ItemLists:
    return ItemLists.of_arrays([np.array(row, dtype=np.int32) for row in rows])


def figure(name: str, slate: list[int], relevant: list[int], k: int) -> float:
    hits = metrics.hits_of(slates(slate or [-1]), lists(relevant))
    return float(RANKING_METRICS[name](hits, np.array([len(relevant)]), k)[0])


def facts(**given: object) -> ItemFacts:
    n = len(given.get("buyers", given.get("known", [0] * 10)))  # type: ignore[arg-type]
    return ItemFacts(
        known=np.array(given.get("known", [True] * n)),
        buyers=np.array(given.get("buyers", [1] * n)),
        n_buyers=int(given.get("n_buyers", 8)),  # type: ignore[call-overload]
        bought=np.ones(n),
        price=np.ones(n),
        category=np.zeros(n, dtype=np.int32),
    )


@pytest.mark.parametrize(
    ("slate", "relevant", "k", "wanted"),
    [
        #                        recall  all    precision ndcg               hit mrr  map
        ([4, 9], [4, 9], 2, (1, 1, 1, 1, 1, 1, 1)),
        ([1, 4], [4, 9], 2, (1 / 2, 1 / 2, 1 / 2, (1 / log2(3)) / BOTH, 1, 1 / 2, 1 / 4)),
        ([4, 1], [4, 9], 2, (1 / 2, 1 / 2, 1 / 2, 1 / BOTH, 1, 1, 1 / 2)),
        ([1, 2], [4, 9], 2, (0, 0, 0, 0, 0, 0, 0)),
        ([1, 2, 3, 4], [4], 4, (1, 1, 1 / 4, 1 / log2(5), 1, 1 / 4, 1 / 4)),
        ([1, 2, 3, 4], [4], 3, (0, 0, 0, 0, 0, 0, 0)),  # the hit is below the cut
        ([4], [4, 5, 6, 7], 2, (1 / 2, 1 / 4, 1 / 2, 1 / BOTH, 1, 1, 1 / 4)),  # of two places one is filled
        ([4, 5], [4, 5, 6, 7], 2, (1, 1 / 2, 1, 1, 1, 1, 1 / 2)),  # all that fits: only recall and ndcg reach 1
        ([], [4], 5, (0, 0, 0, 0, 0, 0, 0)),
        ([1, 4, 2, 9], [4, 9], 4, (1, 1, 1 / 2, (1 / log2(3) + 1 / log2(5)) / BOTH, 1, 1 / 2, 1 / 2)),
    ],
)
def test_by_hand(slate: list[int], relevant: list[int], k: int, wanted: tuple[float, ...]) -> None:
    found = [figure(name, slate, relevant, k) for name in RANKING_METRICS]
    assert list(RANKING_METRICS) == ["recall", "recall_all", "precision", "ndcg", "hit_rate", "mrr", "map"]
    assert found == pytest.approx(wanted)


@steady
@given(
    st.lists(st.integers(0, 15), unique=True, max_size=12),
    st.sets(st.integers(0, 15), min_size=1, max_size=8),
    st.integers(1, 14),
)
def test_bounds_and_relations(slate: list[int], relevant: set[int], k: int) -> None:
    found = {name: figure(name, slate, sorted(relevant), k) for name in RANKING_METRICS}
    assert all(0 <= value <= 1 + 1e-12 for value in found.values())
    assert found["recall_all"] <= found["recall"] <= found["hit_rate"]
    assert found["precision"] <= found["recall"] + 1e-12
    assert (found["mrr"] > 0) == (found["hit_rate"] == 1)


def test_cases_do_not_touch_each_other() -> None:
    both = metrics.hits_of(slates([1, 2], [2, 1]), lists([2], [7, 2]))
    assert both.tolist() == [[False, True], [True, False]]
    assert metrics.hits_of(slates([-1, 3]), lists([3])).tolist() == [[False, True]]


def test_revenue_recall_is_worth_what_the_hits_cost() -> None:
    price = np.array([10.0, 5.0, 1.0, NAN, 0.0])
    hits = metrics.hits_of(slates([2, 1], [0, 1], [3, 4]), lists([0, 1, 2], [0, 1, 2], [3, 4]))
    found = metrics.revenue_recall(slates([2, 1], [0, 1], [3, 4]), hits, lists([0, 1, 2], [0, 1, 2], [3, 4]), price, 2)
    # the best two places are worth 10 + 5; nothing of the third case has a price above 0
    np.testing.assert_allclose(found, [6 / 15, 1, NAN])
    one = metrics.revenue_recall(slates([2, 1]), hits[:1], lists([0, 1, 2]), price, 1)
    np.testing.assert_allclose(one, [1 / 10])


def test_popularity_and_novelty_by_hand() -> None:
    known_by = facts(buyers=[8, 2, 0], n_buyers=8)
    shown = slates([0, 1], [2], [])
    np.testing.assert_allclose(metrics.mean_popularity(shown, known_by, 2), [(1 + 1 / 4) / 2, 0, NAN])
    np.testing.assert_allclose(metrics.novelty(shown, known_by, 2), [(0 + 2) / 2, 3, NAN])
    np.testing.assert_allclose(metrics.novelty(shown, known_by, 1), [0, 3, NAN])


def test_diversity_counts_pairs_of_different_paths() -> None:
    category = np.array([0, 0, 1, 2, -1], dtype=np.int32)
    shown = slates([0, 1, 2], [0, 1, 4], [0, 2, 3], [0, 4], [0, 1, 0])
    np.testing.assert_allclose(metrics.diversity(shown, category, 3), [2 / 3, 0, 1, NAN, 0])


def test_fallback_share_of_what_is_shown() -> None:
    found = metrics.fallback_share(slates([1, 2, 3, 4], [1, 2], []), np.array([3, 0, 0]), 4)
    np.testing.assert_allclose(found, [1 / 4, 1, NAN])
    assert metrics.fallback_share(slates([1, 2, 3, 4]), np.array([3]), 2).tolist() == [0]


def test_coverage_and_gini_by_hand() -> None:
    known = np.array([True, True, True, True, False])
    shown = metrics.exposure(slates([0, 1], [0, 4], [0, -1]), 5, 2)
    assert shown.tolist() == [3, 1, 0, 0, 1]
    assert metrics.coverage(shown, known) == 2 / 4
    # mean absolute difference over twice the mean: sum |xi - xj| over all 16 ordered pairs = 2 * (2+3+3+1+1+0) = 20
    assert metrics.gini(shown, known) == pytest.approx(20 / (2 * 4 * 4))
    assert metrics.gini(np.array([2, 2, 2]), np.ones(3, dtype=bool)) == pytest.approx(0)
    assert metrics.gini(np.array([0, 0, 9]), np.ones(3, dtype=bool)) == pytest.approx(2 / 3)
    assert metrics.gini(np.zeros(3, dtype=int), np.ones(3, dtype=bool)) == 0


def test_popularity_curve_ends_with_everything() -> None:
    shown, buyers = np.array([1, 0, 3, 9]), np.array([5, 1, 9, 7])
    found = metrics.popularity_curve(shown, buyers, np.array([True, True, True, False]))
    assert found == ([1, 2, 3], [3 / 4, 1, 1])
    ranks, taken = metrics.popularity_curve(np.ones(5_000, dtype=int), np.arange(5_000), np.ones(5_000, dtype=bool))
    assert len(ranks) < 60
    assert taken == pytest.approx([rank / 5_000 for rank in ranks])
    assert metrics.popularity_curve(shown, buyers, np.zeros(4, dtype=bool)) == ([], [])
