"""Weights of a blend: learnt where they matter, left alone where they don't."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluation.blend_weights import Scored, learn_weights

SOURCES = ("first", "second", "third")


def planted(share: float, n: int = 300, candidates: int = 40, seed: int = 0) -> Scored:
    """Return users whose right items score high by share * first + (1 - share) * second source, amid noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        features = rng.random((3, candidates)).astype(np.float32)
        wanted = share * features[0] + (1 - share) * features[1]
        rows.append((features, wanted >= np.sort(wanted)[-4], 4))
    return Scored.of(rows, SOURCES)


def test_ndcg_by_hand() -> None:
    features = np.array([[0.9, 0.5, 0.1], [0.0, 1.0, 0.0]], dtype=np.float32)
    scored = Scored.of([(features, np.array([False, True, False]), 2)], SOURCES[:2])
    ideal = 1 + 1 / np.log2(3)
    assert scored.ndcg(np.array([1, 0], dtype=np.float32), 2) == pytest.approx((1 / np.log2(3)) / ideal)
    assert scored.ndcg(np.array([1, 1], dtype=np.float32), 2) == pytest.approx(1 / ideal)
    assert scored.ndcg(np.array([1, 0], dtype=np.float32), 1) == 0


def test_users_with_fewer_candidates_are_not_filled_up() -> None:
    few = (np.ones((1, 1), dtype=np.float32), np.array([True]), 1)
    many = (np.ones((1, 5), dtype=np.float32), np.array([True, *[False] * 4]), 1)
    scored = Scored.of([few, many], SOURCES[:1])
    for k, expected in ((5, ([0, 1], [0, 4])), (3, ([0], [0]))):  # what can't be told apart ranks behind
        users, ranks = scored.ranks(np.ones(1, dtype=np.float32), k)
        assert (users.tolist(), ranks.tolist()) == expected


@pytest.mark.parametrize("k", [1, 3, 10, 40, 60])
def test_ranks_are_those_of_all_comparisons(k: int) -> None:
    scored, weights = planted(0.5), np.array([1, 0.4, 0.2], dtype=np.float32)
    scored = Scored.of(
        [(np.round(f, 1), h, 4) for f, h in zip(scored.features.swapaxes(0, 1), scored.hits, strict=True)], SOURCES
    )
    scores = np.tensordot(weights, scored.features, axes=1)
    users, places = np.nonzero(scored.hits)
    ranks = np.count_nonzero(scores[users] >= scores[users, places][:, None], axis=1) - 1
    found = scored.ranks(weights, k)
    assert found[0].tolist() == users[ranks < k].tolist()
    assert found[1].tolist() == ranks[ranks < k].tolist()


def test_planted_weights_are_found() -> None:
    weights, value = learn_weights(planted(0.5), [1.0, 0.0, 1.0], [True] * 3, k=10)
    assert weights[0] == 1.0
    assert 0.7 <= weights[1] <= 1.4
    assert weights[2] <= 0.06
    assert value > 0.97


def test_weights_that_are_not_free_stay() -> None:
    weights, _ = learn_weights(planted(0.5), [1.0, 0.0, 1.0], [True, False, True], k=10)
    assert weights[1] == 0.0


def test_nothing_to_gain_changes_nothing() -> None:
    scored = Scored.of([(np.ones((3, 4), dtype=np.float32), np.array([True] * 4), 4)], SOURCES)
    assert learn_weights(scored, [1.0, 0.3, 0.2], [True] * 3, k=4)[0] == [1.0, 0.3, 0.2]
