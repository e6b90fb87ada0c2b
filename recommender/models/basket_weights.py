"""What a basket says of its pairs, and how much more often than before each item is bought now."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.matrix import decay
from recommender.models.baskets import Baskets

RISE_SHRINKAGE = 5.0


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


def rise(
    by_basket: sp.csr_array,
    weights: NDArray[np.float64],
    recency: NDArray[np.float32],
    category: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return how much more often each item, shape (I,), is bought in recent baskets.

    (weight of its recent baskets + 5 c) / (the weight its share of all baskets lets expect + 5), a basket counting as
    recent by its `recency`, shape (B,). c is the same of all items of its category together, shrunk towards 1;
    `category`, shape (I,), holds codes, -1 for none: there c is 1.
    """
    recent = by_basket.T @ (weights * recency)
    expected = (by_basket.T @ weights) * ((weights @ recency) / max(weights.sum(), 1e-12))
    of_all = [np.bincount(category + 1, column) for column in (recent, expected)]
    of_category = (of_all[0] + RISE_SHRINKAGE) / (of_all[1] + RISE_SHRINKAGE)
    of_category[0] = 1
    return np.asarray((recent + RISE_SHRINKAGE * of_category[category + 1]) / (expected + RISE_SHRINKAGE))
