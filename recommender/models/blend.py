"""A weighted sum of scores as one inner product, so that a single search ranks by the sum, exactly.

score(u, i) = x_u . y_i + weight * popularity_i = (x_u, weight) . (y_i, popularity_i): popularity is one more
coordinate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def for_you_vectors(item_factors: NDArray[np.float32], popularity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return item vectors, shape (I, F + 1), from factors, shape (I, F), and popularity, shape (I,).

    Items without factors stay zero: they are no candidates.
    """
    has_factors = item_factors.any(axis=1)
    return np.column_stack([item_factors, np.where(has_factors, popularity, 0)]).astype(np.float32)


def for_you_query(user_factors: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """Return the query, shape (..., F + 1), of user factors, shape (..., F)."""
    constant = np.full((*user_factors.shape[:-1], 1), weight, dtype=np.float32)
    return np.concatenate([user_factors, constant], axis=-1)
