"""How many distinct customers stand behind a pair: those who bought both within a window of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.matrix import SECONDS_PER_DAY
from recommender.models.baskets import Baskets, changes

LARGEST_KEY = 2**63 - 1
"""Anchor, item and actor of a pair share one int64: in a very large shop a block holds fewer anchors."""
ORDERS_APART = 200
"""Baskets of one customer that lie more than this many apart are no pair, however long the window: robots have many."""


class CustomerPairs(Protocol):
    """Pairs of items (the diagonal included) by the customers who bought both.

    `left` and `lengths` say how much work a row of items is: see `pair_blocks`.
    """

    @property
    def left(self) -> sp.csr_array:
        """Which baskets, or customers, hold an item, shape (I, n)."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items that each of them is multiplied with, shape (n,)."""

    @property
    def most_rows(self) -> int:
        """Most items of a block."""

    def rows(self, start: int, end: int) -> tuple[sp.csr_array, sp.csr_array]:
        """Return, for the items from `start` to `end`, distinct customers, and the sum of 1 / (items of each).

        Both have their entries in the same places, in no order.
        """


@dataclass(frozen=True)
class WholeHistories:
    """Customers who ever bought both: `owners`, shape (I, customers), and its transpose, as ones."""

    left: sp.csr_array
    right: sp.csr_array
    weighted: sp.csr_array
    lengths: NDArray[np.int64]
    most_rows: int = LARGEST_KEY

    def rows(self, start: int, end: int) -> tuple[sp.csr_array, sp.csr_array]:
        """Multiply the rows out."""
        owners = self.left[start:end]
        return (owners @ self.right).tocsr(), (owners @ self.weighted).tocsr()


@dataclass(frozen=True)
class WithinWindow:
    """Customers of whom two baskets that hold the items lie within a window.

    `left`, shape (I, B), says which baskets hold an item, `around`, shape (B, I), what the customer bought within the
    window before or after each basket, itself included; `weight`, shape (actors,), is 1 / (items of a customer).
    """

    left: sp.csr_array
    around: sp.csr_array
    actor: NDArray[np.int32]
    weight: NDArray[np.float64]
    lengths: NDArray[np.int64]
    most_rows: int

    def rows(self, start: int, end: int) -> tuple[sp.csr_array, sp.csr_array]:
        """Sort what the customers of each pair are."""
        n_items, n_actors = self.around.shape[1], len(self.weight)
        basket, row, entry = expand(self.left[start:end], self.around)
        key = (row * n_items + self.around.indices[entry]) * n_actors + self.actor[basket]
        key.sort()
        key = key[changes(key)]
        pair, customer = np.divmod(key, n_actors)
        starts = np.flatnonzero(changes(pair))
        distinct = pair[starts]
        shape, where = (end - start, n_items), (distinct // n_items, distinct % n_items)
        counts = np.diff(np.append(starts, len(pair))).astype(np.float32)
        sums = np.add.reduceat(self.weight[customer], starts) if len(starts) else np.zeros(0)
        return sp.csr_array((counts, where), shape=shape), sp.csr_array((sums, where), shape=shape)


def customer_pairs(baskets: Baskets, n_items: int, window_days: float) -> CustomerPairs:
    """Return the pairs of customers; a window as long as the data, or data without times, needs no sorting."""
    by_basket = baskets.matrix(n_items)
    n_actors = int(baskets.actor.max(initial=-1)) + 1
    members = sp.csr_array(
        (np.ones(len(baskets), dtype=np.float32), (baskets.actor, np.arange(len(baskets)))),
        shape=(n_actors, len(baskets)),
    )
    owned = (members @ by_basket).tocsr()
    owned.data[:] = 1
    owned.sort_indices()
    n_owned = np.diff(owned.indptr)
    weight = 1.0 / np.maximum(n_owned, 1)
    span = int(baskets.time.max() - baskets.time.min()) if len(baskets) else 0
    if span <= window_days * SECONDS_PER_DAY:
        ones_weighted = np.repeat(weight, n_owned).astype(np.float32)  # entries in the same places: see `rows`
        weighted = sp.csr_array((ones_weighted, owned.indices, owned.indptr), shape=owned.shape)
        return WholeHistories(owned.T.tocsr(), owned, weighted, n_owned)
    around = ((_neighbouring(baskets, window_days) @ by_basket) + by_basket).tocsr()
    around.data[:] = 1
    around.sort_indices()
    return WithinWindow(
        by_basket.T.tocsr(),
        around,
        baskets.actor,
        weight,
        np.diff(around.indptr),
        LARGEST_KEY // max(n_items * n_actors, 1),
    )


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
