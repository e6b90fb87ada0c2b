"""What a basket says of its pairs, and how much more often than before each item is bought now."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.matrix import decay
from recommender.models.baskets import Baskets

RISE_SHRINKAGE = 2.0


def basket_weights(
    baskets: Baskets, as_of: int | None, *, size_exponent: float, user_exponent: float, half_life_days: float
) -> NDArray[np.float64]:
    """Return size^-a x (baskets of the same customer)^-b x 0.5^(age / half-life) of each basket, shape (B,).

    The second and third factor are scaled to keep the sum of the first: priors are worth the same whatever they are.
    """
    of_size = 1.0 / np.maximum(baskets.sizes, 1) ** size_exponent
    n_of_actor = np.bincount(baskets.actor)[baskets.actor] if len(baskets) else np.ones(0)
    weights = of_size * n_of_actor**-user_exponent * decay(baskets.time, as_of, half_life_days)
    total = weights.sum()
    return np.asarray(weights * (of_size.sum() / total) if total > 0 else weights)


def rise(by_basket: sp.csr_array, weights: NDArray[np.float64], recency: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much more often each item, shape (I,), is bought in recent baskets, shrunk towards 1.

    (weight of its recent baskets + 2) / (the weight its share of all baskets lets expect + 2), a basket counting as
    recent by its `recency`, shape (B,).
    """
    recent = by_basket.T @ (weights * recency)
    expected = (by_basket.T @ weights) * ((weights @ recency) / max(weights.sum(), 1e-12))
    return np.asarray((recent + RISE_SHRINKAGE) / (expected + RISE_SHRINKAGE))
