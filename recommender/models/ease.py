"""EASE: a linear model from all items of a user to each item, in closed form; for catalogues that fit a square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.errors import ConfigError
from recommender.models.observed import observed_pairs
from recommender.models.similarity_model import SimilarityModel
from recommender.progress import Progress, silent

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class EASE:
    """Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019), eq. 8.

    With P = (X'X + regularization I)^-1, the weight from item i to item j is -P_ij / P_jj, from an item to itself 0.
    The inverse is dense: time grows with the cube of the number of items, memory with its square (0.8 GB for 10,000).

    Parameters
    ----------
    regularization : float
    neighbours : int
        Weights kept per item, the largest by amount; they may be negative.
    max_items : int
        Items with values beyond which `fit` refuses.
    """

    regularization: float = 100.0
    neighbours: int = 100
    max_items: int = 10_000

    def fit(self, user_items: sp.csr_matrix | sp.csr_array, *, progress: Progress = silent) -> SimilarityModel:
        """Return the weights of a matrix of shape (U, I), values finite and not negative; support is users in common.

        Raises
        ------
        ConfigError
            If more than `max_items` items have values.
        DataError
            If the matrix is not one, or malformed, or a value is negative or not finite.
        """
        values = observed_pairs(user_items)
        n_items = values.shape[1]
        items = np.flatnonzero(values.getnnz(axis=0)).astype(np.int32)
        if len(items) > self.max_items:
            raise ConfigError(
                f"models.ease: {len(items):,} items, more than max_items = {self.max_items:,}; raise it (memory grows "
                "with the square) or set blend.ease = 0"
            )
        progress("fit ease", 0, 1)
        known = values[:, items]
        weights = _weights(known, self.regularization)
        kept = [_strongest(row, self.neighbours) for row in weights]
        lengths = np.zeros(n_items, dtype=np.int64)
        lengths[items] = [len(places) for places in kept]
        rows = np.repeat(np.arange(len(items)), lengths[items])
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *kept])
        progress("fit ease", 1, 1)
        return SimilarityModel(
            indptr=np.concatenate([[0], np.cumsum(lengths)]),
            neighbours=items[columns],
            scores=weights[rows, columns].astype(np.float32),
            support=_shared(known, rows, columns),
        )


def _weights(values: sp.csr_matrix, regularization: float) -> NDArray[np.float64]:
    """Return the weights from each item (row) to each, shape (n, n)."""
    from scipy.linalg import lapack  # loads BLAS, which a server must not before it forks

    n = values.shape[1]
    gram = np.asfortranarray((values.T @ values).toarray(), dtype=np.float64)
    if not n:
        return gram
    gram[np.diag_indices(n)] += regularization
    root, _ = lapack.dpotrf(gram, lower=True, overwrite_a=True)
    inverse, _ = lapack.dpotri(root, lower=True, overwrite_c=True)
    whole = np.tril(inverse) + np.tril(inverse, -1).T
    weights: NDArray[np.float64] = whole / -np.diag(whole)
    np.fill_diagonal(weights, 0)
    return weights


def _strongest(weights: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return the places of the `most` weights that are largest by amount, the most positive one first."""
    amounts = np.abs(weights)
    places = np.flatnonzero(amounts)
    if len(places) > most:
        places = np.sort(np.argpartition(-amounts, most - 1)[:most])
    return places[np.argsort(-weights[places], kind="stable")]


def _shared(values: sp.csr_matrix, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the users who have both items of some pairs, rows ascending, shape (n,)."""
    ones = values.astype(bool).astype(np.float32)
    by_item = ones.T.tocsr()
    found = []
    for first in range(0, values.shape[1], ROWS_AT_ONCE):
        start, end = np.searchsorted(rows, [first, first + ROWS_AT_ONCE])
        shared = (by_item[first : first + ROWS_AT_ONCE] @ ones).toarray()
        found.append(shared[rows[start:end] - first, columns[start:end]])
    return np.concatenate([np.zeros(0), *found]).astype(np.int32)
