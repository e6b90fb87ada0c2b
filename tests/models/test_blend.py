from __future__ import annotations

import numpy as np
import pytest

from recommender.models import for_you_query, for_you_vectors


@pytest.mark.parametrize("weight", [0.0, 0.7, 3.0])
def test_one_inner_product_is_the_weighted_sum(weight: float) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 4)).astype(np.float32), rng.normal(size=(9, 4)).astype(np.float32)
    popularity = rng.random(9).astype(np.float32)
    wanted = X @ Y.T + weight * popularity
    vectors = for_you_vectors(Y, popularity)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(for_you_query(X, weight) @ vectors.T, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(for_you_query(X[0], weight) @ vectors.T, wanted[0], rtol=1e-5, atol=1e-6)


def test_items_without_factors_are_no_candidates_however_popular() -> None:
    Y = np.array([[0, 0], [0, 1e-3]], dtype=np.float32)
    assert for_you_vectors(Y, np.array([0.9, 0.1], dtype=np.float32)).tolist() == [
        [0, 0, 0],
        pytest.approx([0, 1e-3, 0.1]),
    ]
