"""How many owners (customers, baskets) two items share, and what these weigh together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.kernels import has_native, native
from recommender.models.lookup import Lookup

Keys = NDArray[np.int64]
"""row * I + item, row counted from the start of a block; rows ascend."""


@dataclass(frozen=True, slots=True)
class SharedPairs:
    """Pairs of different items that share enough owners, each array of shape (n,): `keys` ascend."""

    keys: Keys
    counts: NDArray[np.int32]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Owners:
    """What owners have of items: a shared owner weighs the product of the two values.

    Attributes
    ----------
    by_item : csr, shape (I, n)
        Values above 0.
    by_owner : csr, shape (n, I)
        Entries in the places of its transpose.
    """

    by_item: sp.csr_array
    by_owner: sp.csr_array

    @classmethod
    def of(cls, by_owner: sp.csr_array, weights: NDArray[np.float64]) -> Owners:
        """Take the values of each owner, shape (n, I), and what each owner counts, shape (n,)."""
        weighted = by_owner.astype(np.float64)
        weighted.data *= np.repeat(weights, np.diff(by_owner.indptr))
        return cls(by_owner.T.tocsr().astype(np.float64), weighted)

    def pairs(self, start: int, end: int, least: int) -> SharedPairs:
        """Return the pairs of the items from `start` to `end` that share at least `least` owners."""
        if not has_native():
            counts, weights = self._products(start, end)
            row, item = np.divmod(counts.keys, counts.width)
            kept = np.flatnonzero((counts.values >= least) & (row + start != item))
            return SharedPairs(counts.keys[kept], counts.values[kept].astype(np.int32), weights.values[kept])
        lengths, items, shared, weight = self._native.with_least(start, end, least)
        rows = np.repeat(np.arange(end - start, dtype=np.int64), lengths)
        return SharedPairs(rows * self.by_owner.shape[1] + items, shared, weight)

    def at(self, start: int, end: int, keys: Keys) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return how many owners some pairs share, and their weight, each of shape (n,)."""
        if not has_native():
            counts, weights = self._products(start, end)
            return counts.at_keys(keys).astype(np.int32), weights.at_keys(keys)
        row, item = np.divmod(keys, self.by_owner.shape[1])
        return self._native.at(start, np.searchsorted(row, np.arange(end - start + 1)), item.astype(np.int32))

    def _products(self, start: int, end: int) -> tuple[Lookup, Lookup]:
        """Return owners and weights of all pairs: the same keys."""
        by_item = self.by_item[start:end]
        counts = by_item.astype(bool).astype(np.float64) @ self.by_owner.astype(bool).astype(np.float64)
        return Lookup.of(counts.tocsr()), Lookup.of((by_item @ self.by_owner).tocsr())

    @cached_property
    def _native(self) -> native.SharedItems:
        return native.SharedItems(
            item_indptr=self.by_item.indptr.astype(np.int64),
            owners=self.by_item.indices.astype(np.int32),
            by_item=self.by_item.data,
            owner_indptr=self.by_owner.indptr.astype(np.int64),
            items=self.by_owner.indices.astype(np.int32),
            by_owner=self.by_owner.data,
        )
