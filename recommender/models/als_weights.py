"""Regularization and unobserved weight where none are named: from how many pairs were observed, and their values.

One constant can't serve a shop of 60 customers and a matrix of 30,000 x 40,000: docs/decisions/0009-als-defaults.md has
the sweep that both rules come from. Values in another unit give the same model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

UNOBSERVED = 20.0
REGULARIZATION = 5.0


class Weights(NamedTuple):
    """The terms of the loss that have no bounds of their own."""

    regularization: float
    unobserved_weight: float


def weights_of(values: sp.csr_matrix, alpha: float, exponent: float) -> Weights:
    """Return the weights that suit a matrix of shape (U, I); ones where nothing is observed.

    With s the share of the pairs that is observed, n their number and c = alpha * value,

    unobserved_weight = 20 s * root mean square of c
    regularization = 5 sqrt(s) n^(1/4) * mean of c

    sqrt(s) n^(1/4) is s^(1/4) times the geometric mean of the square roots of a user's and an item's number of pairs:
    the noise in sums of that many. An exponent above 0 leaves a row of mean confidence that regularization.
    """
    n = values.nnz
    if not n:
        return Weights(1.0, 1.0)
    gains = alpha * values.data.astype(np.float64)
    n_users = np.count_nonzero(np.diff(values.indptr))
    n_items = np.count_nonzero(np.bincount(values.indices, minlength=values.shape[1]))
    share = n / (n_users * n_items)
    unobserved_weight = UNOBSERVED * share * np.sqrt((gains**2).mean())
    regularization = REGULARIZATION * np.sqrt(share) * n**0.25 * gains.mean()
    n_pairs = float(n_users) * n_items
    row = (gains.sum() + unobserved_weight * n_pairs) / np.sqrt(n_pairs)
    return Weights(float(regularization / row**exponent), float(unobserved_weight))
