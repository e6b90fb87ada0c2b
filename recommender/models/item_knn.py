"""Item-based nearest neighbours: alike are items that the same users have, the busiest of them counting less."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.kernels import has_native, native
from recommender.models.observed import observed_pairs
from recommender.models.pair_blocks import pair_blocks
from recommender.models.similarity_model import SimilarityModel
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

PAIRS_PER_BLOCK = 8_000_000
PAIRS_PER_CALL = 100_000_000
"""Of the native search, which keeps none of them: so often it reports progress."""

NEGLIGIBLE = 1e-12

Block = tuple[int, int]
Rows = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]
"""Lengths of some rows, shape (n,), and their neighbours, scores and support, each of shape (their sum,)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A user-item matrix as the search for neighbours takes it.

    `by_item`, shape (I, U), and `by_user`, shape (U, I), hold the values in float32; `item_weights`, shape (I,), and
    `user_weights`, shape (U,), are the powers of their sums to divide by, inverted.
    """

    by_item: sp.csr_matrix
    by_user: sp.csr_matrix
    item_weights: NDArray[np.float64]
    user_weights: NDArray[np.float64]

    @classmethod
    def of(cls, values: sp.csr_matrix, user_exponent: float, item_exponent: float) -> Pairs:
        """Return the pairs of values, float32, shape (U, I)."""
        by_item = values.T.tocsr()
        of_users, of_items = (matrix @ np.ones(matrix.shape[1]) for matrix in (values, by_item))
        return cls(by_item, values, _power(of_items, -item_exponent), _power(of_users, -user_exponent))

    @property
    def n_items(self) -> int:
        """The number of items, I."""
        return self.by_item.shape[0]

    def blocks(self, pairs: int) -> list[Block]:
        """Return ranges of items that meet about so many items in their users."""
        return list(pair_blocks(self.by_item, np.diff(self.by_user.indptr), pairs))


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
        pairs = Pairs.of(_without_traces(observed_pairs(user_items)), self.user_exponent, self.item_exponent)
        search = self._native if has_native() else self._scipy
        found: list[Rows] = []
        for (_, end), rows in search(pairs):
            found.append(rows)
            progress("fit item-knn", end, pairs.n_items)
        return _as_model(found, pairs.n_items)

    def _native(self, pairs: Pairs) -> Iterator[tuple[Block, Rows]]:
        by_item, by_user = pairs.by_item, pairs.by_user
        for block in pairs.blocks(PAIRS_PER_CALL):
            yield (
                block,
                native.nearest_by_users(
                    item_indptr=by_item.indptr.astype(np.int64),
                    users=by_item.indices,
                    by_item=by_item.data,
                    user_indptr=by_user.indptr.astype(np.int64),
                    items=by_user.indices,
                    by_user=by_user.data,
                    item_weights=pairs.item_weights,
                    user_weights=pairs.user_weights,
                    shrinkage=self.shrinkage,
                    most=self.neighbours,
                    begin=block[0],
                    end=block[1],
                    threads=available_threads(),
                ),
            )

    def _scipy(self, pairs: Pairs) -> Iterator[tuple[Block, Rows]]:
        ones, ones_by_item = (matrix.astype(bool).astype(np.float32) for matrix in (pairs.by_user, pairs.by_item))
        shares = sp.diags_array(pairs.user_weights) @ pairs.by_user

        def best_of_block(block: Block) -> Rows:
            rows = slice(*block)
            similar = (pairs.by_item[rows] @ shares).tocsr()
            shared = (ones_by_item[rows] @ ones).tocsr()
            return self._best(similar, shared, pairs.item_weights, block[0])

        blocks = pairs.blocks(PAIRS_PER_BLOCK)
        with ThreadPoolExecutor(available_threads()) as pool:
            yield from zip(blocks, pool.map(best_of_block, blocks), strict=True)

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
    """Return the values without those that are nothing beside the largest: their products would be 0."""
    traces = values.data < np.float64(NEGLIGIBLE * float(values.data.max(initial=0)))
    if not traces.any():
        return values
    kept = values.copy()
    kept.data[traces] = 0
    kept.eliminate_zeros()
    return kept


def _power(sums: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return sums, shape (n,), to a power; 0 stays 0."""
    return np.where(sums > 0, np.maximum(sums, 1e-300) ** exponent, 0)


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
