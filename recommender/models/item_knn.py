"""Item-based nearest neighbours: alike are items that the same users have, the busiest of them counting less."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.models.observed import observed_pairs
from recommender.models.pair_blocks import pair_blocks
from recommender.models.similarity_model import SimilarityModel
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

PAIRS_PER_BLOCK = 8_000_000
NEGLIGIBLE = 1e-12

Rows = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]
"""Lengths of some rows, shape (n,), and their neighbours, scores and support, each of shape (their sum,)."""


@dataclass(frozen=True, slots=True)
class ItemKNN:
    """Cosine similarity with the exponents of its norms set free.

    similarity(i, j) = sum_u x_ui x_uj / d_u^user_exponent / (d_i d_j)^item_exponent * n_ij / (n_ij + shrinkage), where
    d are the sums of a user's or item's values and n_ij the number of users who have both. user_exponent 0 and
    item_exponent 0.5 is the cosine of binary data (Deshpande and Karypis, TOIS 2004, section 4); above, users who have
    everything say less; a smaller item exponent favours what many have. The linear filter of GF-CF (Shen et al.,
    CIKM 2021, eq. 11) is 1 and 0.5.

    Parameters
    ----------
    user_exponent, item_exponent : float
    neighbours : int
        Kept per item, those with the highest similarity.
    shrinkage : float
        Users in common at which a similarity counts half.
    """

    user_exponent: float = 0.6
    item_exponent: float = 0.45
    neighbours: int = 200
    shrinkage: float = 0.0

    def fit(self, user_items: sp.csr_matrix | sp.csr_array, *, progress: Progress = silent) -> SimilarityModel:
        """Return the neighbours of all items of a matrix of shape (U, I), values finite and not negative.

        Scores are not limited to 1; support is the number of users in common.

        Raises
        ------
        DataError
            If the matrix is not one, or malformed, or a value is negative or not finite.
        """
        values = _without_traces(observed_pairs(user_items))
        n_items = values.shape[1]
        by_user = values.copy()
        by_user.data *= np.repeat(_power(values.sum(axis=1), -self.user_exponent), np.diff(values.indptr))
        by_item = values.T.tocsr()
        item_weight = _power(values.sum(axis=0), -self.item_exponent)
        ones = values.astype(bool).astype(np.float32)
        ones_by_item = ones.T.tocsr()

        def best_of_block(block: tuple[int, int]) -> Rows:
            rows = slice(*block)
            similar = (by_item[rows] @ by_user).tocsr()
            shared = (ones_by_item[rows] @ ones).tocsr()
            return self._best(similar, shared, item_weight, block[0])

        blocks = list(pair_blocks(by_item, np.diff(values.indptr), PAIRS_PER_BLOCK))
        found: list[Rows] = []
        with ThreadPoolExecutor(available_threads()) as pool:
            for (_, end), rows in zip(blocks, pool.map(best_of_block, blocks), strict=True):
                found.append(rows)
                progress("fit item-knn", end, n_items)
        return _as_model(found, n_items)

    def _best(
        self, similar: sp.csr_matrix, shared: sp.csr_matrix, item_weight: NDArray[np.float64], first: int
    ) -> Rows:
        """Return the best neighbours of the items from `first` on; the two matrices have the same pattern."""
        similar.sort_indices()
        shared.sort_indices()
        row = np.repeat(np.arange(similar.shape[0]), np.diff(similar.indptr))
        scores = similar.data * item_weight[similar.indices] * item_weight[first + row]
        scores *= shared.data / (shared.data + self.shrinkage)
        scores[similar.indices == first + row] = 0
        kept: list[NDArray[np.int64]] = []
        for start, end in zip(similar.indptr[:-1].tolist(), similar.indptr[1:].tolist(), strict=True):
            kept.append(start + _best_first(scores[start:end], self.neighbours))
        lengths = np.array([len(places) for places in kept], dtype=np.int64)
        places = np.concatenate(kept)
        return lengths, similar.indices[places], scores[places].astype(np.float32), shared.data[places].astype(np.int32)


def _without_traces(values: sp.csr_matrix) -> sp.csr_matrix:
    """Return the values in float64, without those that are nothing beside the largest: their products would be 0."""
    kept = values.astype(np.float64)
    kept.data[kept.data < NEGLIGIBLE * kept.data.max(initial=0)] = 0
    kept.eliminate_zeros()
    return kept


def _power(sums: np.matrix, exponent: float) -> NDArray[np.float64]:
    """Return sums, of whatever shape, to a power, shape (n,); 0 stays 0."""
    flat = np.asarray(sums, dtype=np.float64).ravel()
    return np.where(flat > 0, np.maximum(flat, 1e-300) ** exponent, 0)


def _best_first(scores: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return the places of the `most` largest scores above 0, largest first, ties by place."""
    if len(scores) > most:
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        places = np.flatnonzero(scores >= max(least, np.finfo(np.float32).tiny))
    else:
        places = np.flatnonzero(scores > 0)
    return places[np.argsort(-scores[places], kind="stable")][:most]


def _as_model(found: list[Rows], n_items: int) -> SimilarityModel:
    if not found:
        return SimilarityModel.empty(n_items)
    lengths, neighbours, scores, support = (np.concatenate(parts) for parts in zip(*found, strict=True))
    indptr = np.zeros(n_items + 1, dtype=np.int64)
    np.cumsum(lengths, out=indptr[1:])
    return SimilarityModel(indptr, neighbours.astype(np.int32), scores.astype(np.float32), support)
