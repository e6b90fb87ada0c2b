"""Many lists of items as two arrays: what was given, what is relevant, what a user had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import distinct


@dataclass(frozen=True, slots=True)
class ItemLists:
    """N lists of distinct items.

    Attributes
    ----------
    indptr : int64, shape (N + 1,)
    items : int32, shape (nnz,)
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]

    @classmethod
    def of_arrays(cls, lists: Sequence[NDArray[np.integer]]) -> ItemLists:
        """Build from one array per list."""
        indptr = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in lists], out=indptr[1:])
        nothing = np.zeros(0, dtype=np.int32)
        return cls(indptr, np.concatenate([nothing, *lists]).astype(np.int32))

    @classmethod
    def of_pairs(cls, owners: NDArray[np.integer], items: NDArray[np.integer], n_lists: int) -> ItemLists:
        """Build from (owner, item) pairs, each of shape (n,) and in any order; repeated pairs count once."""
        width = int(items.max(initial=0)) + 1
        pairs = distinct(owners.astype(np.int64) * width + items)
        indptr = np.zeros(n_lists + 1, dtype=np.int64)
        np.cumsum(np.bincount(pairs // width, minlength=n_lists), out=indptr[1:])
        return cls(indptr, (pairs % width).astype(np.int32))

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def of(self, number: int) -> NDArray[np.int32]:
        """Return one list."""
        return self.items[self.indptr[number] : self.indptr[number + 1]]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Items per list, shape (N,)."""
        return np.diff(self.indptr)

    @property
    def owner(self) -> NDArray[np.int64]:
        """The list that each entry stands in, shape (nnz,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def chosen(self, rows: NDArray[np.integer]) -> ItemLists:
        """Return some of the lists, in the order asked for."""
        sizes = self.sizes[rows]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        place = np.arange(indptr[-1]) - np.repeat(indptr[:-1], sizes) + np.repeat(self.indptr[rows], sizes)
        return ItemLists(indptr, self.items[place])

    def only(self, allowed: NDArray[np.bool_]) -> ItemLists:
        """Return the lists without the items that a mask, shape (I,), does not allow; some may become empty."""
        keep = allowed[self.items]
        kept_until = np.concatenate([[0], np.cumsum(keep)])
        return ItemLists(kept_until[self.indptr], self.items[keep])

    def holds(self, owners: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Say which (owner, item) pairs, two arrays of one shape, stand in the lists; item -1 never does."""
        width = int(max(items.max(initial=0), self.items.max(initial=0))) + 1
        ours = self.owner * width + self.items
        asked = owners.astype(np.int64) * width + items
        return np.asarray(np.isin(asked, ours) & (items >= 0))
