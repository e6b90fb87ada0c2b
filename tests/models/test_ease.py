"""EASE by hand, against the normal equations, and where it is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.errors import ConfigError, DataError
from recommender.models import EASE, SimilarityModel


def dense(model: SimilarityModel) -> np.ndarray:
    n = len(model.indptr) - 1
    weights = np.zeros((n, n))
    for item in range(n):
        neighbours, scores, _ = model.row(item)
        weights[item, neighbours] = scores
    return weights


def test_two_items_by_hand() -> None:
    # X'X = [[2, 1], [1, 1]], regularization 1: P = [[2, -1], [-1, 3]] / 5
    model = EASE(regularization=1).fit(sp.csr_matrix(np.array([[1, 1], [1, 0]], dtype=np.float32)))
    np.testing.assert_allclose(dense(model), [[0, 1 / 3], [1 / 2, 0]], rtol=1e-6)
    assert model.row(0)[2].tolist() == [1]


def test_it_is_the_ridge_regression_of_each_item_on_the_others() -> None:
    users = sp.random(80, 12, density=0.3, format="csr", random_state=0, dtype=np.float32)
    X, weights = users.toarray().astype(np.float64), dense(EASE(regularization=3, neighbours=50).fit(users))
    for item in range(12):
        others = np.delete(np.arange(12), item)
        Z = X[:, others]
        best = np.linalg.solve(Z.T @ Z + 3 * np.eye(11), Z.T @ X[:, item])
        np.testing.assert_allclose(weights[others, item], best, atol=1e-6)
    assert np.diag(weights).tolist() == [0] * 12


def test_the_largest_by_amount_are_kept_best_first() -> None:
    users = sp.random(80, 12, density=0.3, format="csr", random_state=0, dtype=np.float32)
    all_weights, few = dense(EASE(regularization=3, neighbours=50).fit(users)), EASE(3, neighbours=4).fit(users)
    for item in range(12):
        neighbours, scores, support = few.row(item)
        assert set(neighbours) == set(np.argsort(-np.abs(all_weights[item]))[:4])
        assert scores.tolist() == sorted(scores, reverse=True)
        shared = (users.T.astype(bool).astype(int) @ users.astype(bool).astype(int)).toarray()
        assert support.tolist() == shared[item, neighbours].tolist()


def test_items_nobody_has_have_no_weights_and_do_not_count() -> None:
    users = sp.csr_matrix(np.array([[1, 0, 1], [1, 0, 0]], dtype=np.float32))
    model = EASE(regularization=1, max_items=2).fit(users)
    assert np.diff(model.indptr).tolist() == [1, 0, 1]
    assert set(model.neighbours.tolist()) == {0, 2}


def test_too_many_items_are_refused() -> None:
    users = sp.csr_matrix(np.ones((2, 3), dtype=np.float32))
    with pytest.raises(ConfigError, match=r"3 items, more than max_items = 2; .* or set blend\.ease = 0"):
        EASE(max_items=2).fit(users)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3)])
def test_nothing_observed_gives_no_weights(shape: tuple[int, int]) -> None:
    model = EASE().fit(sp.csr_matrix(shape, dtype=np.float32))
    assert model.indptr.tolist() == [0] * (shape[1] + 1)


def test_bad_values_are_refused() -> None:
    with pytest.raises(DataError, match="negative"):
        EASE().fit(sp.csr_matrix(np.array([[1, -1]], dtype=np.float32)))
