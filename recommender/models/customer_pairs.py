"""How many distinct customers stand behind a pair: those who bought both within a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.matrix import SECONDS_PER_DAY
from recommender.models.baskets import Baskets, changes
from recommender.models.shared_owners import Owners, SharedPairs

LARGEST_KEY = 2**63 - 1
"""Anchor, item and actor of a pair share one int64: in a very large shop a block holds fewer anchors."""
ORDERS_APART = 200
"""Baskets of one customer that lie more than this many apart are no pair, however long the window: robots have many."""


class CustomerPairs(Protocol):
    """Pairs of items by the customers who bought both.

    `by_item` and `lengths` say how much work a row of items is: see `pair_blocks`.
    """

    @property
    def by_item(self) -> sp.csr_array:
        """Which baskets, or customers, hold an item, shape (I, n)."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items that each of them is multiplied with, shape (n,)."""

    @property
    def most_rows(self) -> int:
        """Most items of a block."""

    def pairs(self, start: int, end: int, least: int) -> SharedPairs:
        """Return the pairs of the items from `start` to `end` with at least `least` distinct customers.

        A customer weighs 1 / (distinct items of the customer).
        """


@dataclass(frozen=True)
class WholeHistories:
    """Customers who ever bought both."""

    owners: Owners
    most_rows: int = LARGEST_KEY

    @property
    def by_item(self) -> sp.csr_array:
        """Which customer owns an item, shape (I, customers)."""
        return self.owners.by_item

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items of each customer, shape (customers,)."""
        return np.diff(self.owners.by_owner.indptr)

    def pairs(self, start: int, end: int, least: int) -> SharedPairs:
        """Count the customers of both."""
        return self.owners.pairs(start, end, least)


@dataclass(frozen=True)
class WithinWindow:
    """Customers of whom two baskets that hold the items lie within a window.

    `by_item`, shape (I, B), says which baskets hold an item, `around`, shape (B, I), what the customer bought within
    the window before or after each basket, itself included; `weight`, shape (actors,), is 1 / (items of a customer).
    """

    by_item: sp.csr_array
    around: sp.csr_array
    actor: NDArray[np.int32]
    weight: NDArray[np.float64]
    most_rows: int

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items around each basket, shape (B,)."""
        return np.diff(self.around.indptr)

    def pairs(self, start: int, end: int, least: int) -> SharedPairs:
        """Sort what the customers of each pair are."""
        n_items, n_actors = self.around.shape[1], len(self.weight)
        basket, row, entry = expand(self.by_item[start:end], self.around)
        item = self.around.indices[entry]
        other = item != row + start
        key = (row[other] * n_items + item[other]) * n_actors + self.actor[basket[other]]
        key.sort()
        key = key[changes(key)]
        pair, customer = np.divmod(key, n_actors)
        starts = np.flatnonzero(changes(pair))
        counts = np.diff(np.append(starts, len(pair)))
        sums = np.add.reduceat(self.weight[customer], starts) if len(starts) else np.zeros(0)
        enough = counts >= least
        return SharedPairs(pair[starts][enough], counts[enough].astype(np.int32), sums[enough])


def customer_pairs(baskets: Baskets, n_items: int, window_days: float) -> tuple[CustomerPairs, NDArray[np.float64]]:
    """Return the pairs of customers, and what the customers of each item weigh together, shape (I,).

    A window as long as the data, or data without times, needs no sorting.
    """
    by_basket = baskets.matrix(n_items)
    n_actors = int(baskets.actor.max(initial=-1)) + 1
    members = sp.csr_array(
        (np.ones(len(baskets), dtype=np.float32), (baskets.actor, np.arange(len(baskets)))),
        shape=(n_actors, len(baskets)),
    )
    owned = (members @ by_basket).tocsr()
    owned.data[:] = 1
    weight = 1.0 / np.maximum(np.diff(owned.indptr), 1)
    of_item = np.asarray(owned.T @ weight)
    span = int(baskets.time.max() - baskets.time.min()) if len(baskets) else 0
    if span <= window_days * SECONDS_PER_DAY:
        return WholeHistories(Owners.of(owned, weight)), of_item
    around = ((_neighbouring(baskets, window_days) @ by_basket) + by_basket).tocsr()
    around.data[:] = 1
    most_rows = LARGEST_KEY // max(n_items * n_actors, 1)
    return WithinWindow(by_basket.T.tocsr(), around, baskets.actor, weight, most_rows), of_item


def expand(left: sp.csr_array, right: sp.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return every term of the product left @ right: inner index, row, entry of `right`, each of shape (n,)."""
    inner = left.indices
    lengths = np.diff(right.indptr)[inner]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    row = np.repeat(np.arange(left.shape[0]), np.diff(left.indptr))
    return np.repeat(inner, lengths), np.repeat(row, lengths), np.repeat(right.indptr[inner], lengths) + within


def _neighbouring(baskets: Baskets, window_days: float) -> sp.csr_array:
    """Return which other baskets of the same customer lie within the window of each, shape (B, B)."""
    n = len(baskets)
    order = np.lexsort((baskets.time, baskets.actor))
    actor, time = baskets.actor[order], baskets.time[order]
    earlier, later = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, min(ORDERS_APART, n - 1) + 1):
        near = (actor[step:] == actor[:-step]) & (time[step:] - time[:-step] <= window_days * SECONDS_PER_DAY)
        found = np.flatnonzero(near)
        if not len(found):
            break
        earlier.append(order[found])
        later.append(order[found + step])
    first, second = np.concatenate(earlier), np.concatenate(later)
    ones = np.ones(2 * len(first), dtype=np.float32)
    pairs = (np.concatenate([first, second]), np.concatenate([second, first]))
    return sp.csr_array((ones, pairs), shape=(n, n))
