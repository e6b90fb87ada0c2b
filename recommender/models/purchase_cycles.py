"""What is known of each user's purchases of each item, and when one more is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PurchaseCycles:
    """Compressed rows, one per user, of the items bought; times in seconds since 1970 (UTC).

    Attributes
    ----------
    indptr : int64, shape (U + 1,)
    items : int32, shape (nnz,)
        Ascending within a row.
    times : int32, shape (nnz,)
        Days on which the user bought the item.
    first_time, last_time : int64, shape (nnz,)
    due_time : int64, shape (nnz,)
        When the next purchase is to be expected.
    offered_from : int64, shape (nnz,)
        Before this time the item was bought too recently to be offered again.
    probability : float32, shape (nnz,)
        Of one more purchase within the horizon, as of the last event.
    item_gap_days : float32, shape (I,)
        Mean days between two purchases by customers who buy it again.
    item_early : float32, shape (I,)
        The share of a gap before which only a tenth of the repurchases fall.
    item_repeaters : int32, shape (I,)
        Customers who bought it again.
    consumable : bool, shape (I,)
        Whether so many customers buy it again that it is no durable.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    times: NDArray[np.int32]
    first_time: NDArray[np.int64]
    last_time: NDArray[np.int64]
    due_time: NDArray[np.int64]
    offered_from: NDArray[np.int64]
    probability: NDArray[np.float32]
    item_gap_days: NDArray[np.float32]
    item_early: NDArray[np.float32]
    item_repeaters: NDArray[np.int32]
    consumable: NDArray[np.bool_]

    @classmethod
    def empty(cls, n_users: int, consumable: NDArray[np.bool_]) -> PurchaseCycles:
        """Return cycles without a purchase."""
        none, no_time, n_items = np.zeros(0, np.int32), np.zeros(0, np.int64), len(consumable)
        unknown = np.full(n_items, np.nan, dtype=np.float32)
        return cls(
            indptr=np.zeros(n_users + 1, dtype=np.int64),
            items=none,
            times=none,
            first_time=no_time,
            last_time=no_time,
            due_time=no_time,
            offered_from=no_time,
            probability=np.zeros(0, dtype=np.float32),
            item_gap_days=unknown,
            item_early=unknown,
            item_repeaters=np.zeros(n_items, dtype=np.int32),
            consumable=consumable,
        )

    def row(self, user: int) -> slice:
        """Return where the pairs of one user stand."""
        return slice(int(self.indptr[user]), int(self.indptr[user + 1]))

    def place(self, user: int, item: int) -> int | None:
        """Return where one pair stands, None where the user never bought the item."""
        row = self.row(user)
        place = row.start + int(np.searchsorted(self.items[row], item))
        return place if place < row.stop and self.items[place] == item else None
