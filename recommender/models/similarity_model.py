"""A sparse item-item matrix: the nearest other items of each item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import distinct


@dataclass(frozen=True, slots=True)
class SimilarityModel:
    """Neighbours per item, best first.

    Attributes
    ----------
    indptr : int64, shape (I + 1,)
    neighbours : int32, shape (nnz,)
    scores : float32, shape (nnz,)
        Descending within a row.
    support : int32, shape (nnz,)
        Distinct users behind a pair.
    """

    indptr: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    scores: NDArray[np.float32]
    support: NDArray[np.int32]

    @classmethod
    def empty(cls, n_items: int) -> SimilarityModel:
        """Return a model of `n_items` rows without neighbours."""
        nothing = np.zeros(0, dtype=np.int32)
        return cls(np.zeros(n_items + 1, dtype=np.int64), nothing, nothing.astype(np.float32), nothing)

    def row(self, item: int) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
        """Return the neighbours, scores and support of one item, each of shape (n,)."""
        window = slice(int(self.indptr[item]), int(self.indptr[item + 1]))
        return self.neighbours[window], self.scores[window], self.support[window]

    def entries(self, items: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return whose neighbours (places in `items`) and which entries those of some rows are, each of shape (n,)."""
        starts, ends = self.indptr[items], self.indptr[items.astype(np.int64) + 1]
        lengths = ends - starts
        whose = np.repeat(np.arange(len(items)), lengths)
        return whose, np.arange(len(whose)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)

    def summed(
        self, items: NDArray[np.int32], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return sum weight * score over the rows of some items, weights of shape (n,), and where it is above 0.

        The sums are those of all items, shape (I,); the items where they are above 0 are distinct and ascending.
        """
        whose, entries = self.entries(items)
        neighbours = self.neighbours[entries]
        sums = np.zeros(len(self.indptr) - 1, dtype=np.float32)
        np.add.at(sums, neighbours, self.scores[entries] * weights[whose])
        reached = np.sort(neighbours)
        last = np.ones(len(reached), dtype=bool)
        last[:-1] = reached[1:] != reached[:-1]
        reached = reached[last]
        return sums, reached[sums[reached] > 0]


def best_per_row(
    rows: NDArray[np.int32], scores: NDArray[np.float32], columns: NDArray[np.int32], most: int
) -> NDArray[np.int64]:
    """Return positions of the `most` best entries of each row, rows ascending, scores descending, ties by column."""
    order = _best_first(rows, scores, columns)
    sorted_rows = rows[order]
    starts = np.searchsorted(sorted_rows, distinct(sorted_rows))
    lengths = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, lengths)
    return order[place < most]


def _best_first(rows: NDArray[np.int32], scores: NDArray[np.float32], columns: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the order of entries by row, then score, the highest first, then column; row and score are one number."""
    bits = (scores.astype(np.float32) + np.float32(0)).view(np.uint32)  # adding 0 leaves one zero of the two
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    key = (rows.astype(np.int64) << 32) | (~rising).astype(np.int64)
    order = np.argsort(key)
    key = key[order]
    same = key[1:] == key[:-1]
    tied = np.flatnonzero(np.append(False, same) | np.append(same, False))
    order[tied] = order[tied][np.lexsort((columns[order[tied]], key[tied]))]
    return order


def similarity_of_rows(
    rows: NDArray[np.int32],
    neighbours: NDArray[np.int32],
    scores: NDArray[np.float32],
    support: NDArray[np.int32],
    n_rows: int,
) -> SimilarityModel:
    """Return the model of some entries, each of shape (nnz,), rows ascending and best first within a row."""
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
    return SimilarityModel(indptr, neighbours, scores, support)
