"""Purchases grouped into baskets: what one customer bought in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Baskets:
    """B baskets of distinct items.

    Attributes
    ----------
    indptr : int64, shape (B + 1,)
    items : int32, shape (nnz,)
    actor : int32, shape (B,)
        Who bought it: ascending.
    time : int64, shape (B,)
        Of the last event, in seconds since 1970 (UTC), or NO_TIME throughout.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    actor: NDArray[np.int32]
    time: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.actor)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Distinct items per basket, shape (B,)."""
        return np.diff(self.indptr)

    def of(self, basket: int) -> NDArray[np.int32]:
        """Return the items of one basket."""
        return self.items[self.indptr[basket] : self.indptr[basket + 1]]

    def up_to(self, most: int) -> Baskets:
        """Return the baskets of at most that many items."""
        return self.where(self.sizes <= most)

    def where(self, mask: NDArray[np.bool_]) -> Baskets:
        """Return the baskets that a mask, shape (B,), selects."""
        indptr = np.concatenate([[0], np.cumsum(self.sizes[mask])])
        return Baskets(indptr, self.items[np.repeat(mask, self.sizes)], self.actor[mask], self.time[mask])

    def matrix(self, n_items: int) -> sp.csr_array:
        """Return which basket holds which item as ones, shape (B, I)."""
        ones = np.ones(len(self.items), dtype=np.float32)
        return sp.csr_array((ones, self.items, self.indptr), shape=(len(self), n_items))


def build_baskets(events: Events) -> Baskets:
    """Group events into baskets: by order, else by session, else by user and day (all of a user's, without times)."""
    actor = events.actor
    day = events.time // SECONDS_PER_DAY if events.has_times else np.zeros(len(events))
    kind = np.where(events.order >= 0, 0, np.where(events.session >= 0, 1, 2)).astype(np.int8)
    key = np.choose(kind, [events.order, events.session, day.astype(np.int32)])
    # an order number that two users share is two baskets
    order = np.lexsort((events.item, key, kind, actor))
    first_line = changes(actor[order]) | changes(kind[order]) | changes(key[order])
    distinct = first_line | changes(events.item[order])
    starts = np.flatnonzero(first_line)
    time = events.time[order]
    return Baskets(
        indptr=np.append(np.flatnonzero(first_line[distinct]), np.count_nonzero(distinct)),
        items=events.item[order][distinct],
        actor=actor[order][starts],
        time=np.maximum.reduceat(time, starts) if len(starts) else time,
    )


def changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value, shape (n,), differs from the one before it; the first does."""
    changed = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed
