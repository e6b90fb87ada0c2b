"""What the buyers of an item lately bought of its category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import Events, distinct_places, first_places
from recommender.matrix import SECONDS_PER_DAY
from recommender.models.bought_both import MOST_ITEMS_PER_USER
from recommender.models.pair_blocks import pair_blocks
from recommender.models.similarity_model import SimilarityModel, best_per_row, similarity_of_rows
from recommender.progress import Progress, silent

PAIRS_PER_BLOCK = 4_000_000
DOUBT = 10.0
"""Buyers added to those of an item, so that a few say little."""
LONGEST_HALF_LIVES = 100.0
"""What is older counts the same: a float32 would hold nothing of it."""


@dataclass(frozen=True, slots=True)
class BoughtWithin:
    """The share of an item's buyers that lately bought another item of its category.

    share(i -> j) = sum_u 2^(-days since u last bought j / half_life_days) / (buyers_i + 10), over the users u who
    bought both: the conditional probability of item-based top-N recommendation (Deshpande and Karypis, ACM TOIS
    22(1), 2004, section 4.1.2), within a category and with decay. A row holds the `max_neighbours` largest; its support
    is the number of those users, at least `min_users`. Items without a category have no row.
    """

    half_life_days: float = 60.0
    max_neighbours: int = 30
    min_users: int = 2

    def fit(
        self, goal: Events, category: NDArray[np.int32], as_of: int | None, *, progress: Progress = silent
    ) -> SimilarityModel:
        """Return the model; `goal` events net of returns in order of time, `as_of` in seconds since 1970, or None."""
        n_items = len(category)
        shelf, item, weight = self._latest(goal, category, as_of)
        shape = int(shelf.max(initial=-1)) + 1, n_items
        lately = sp.csr_matrix((weight, (shelf, item)), shape=shape)
        ever = sp.csr_matrix((np.ones(len(item), dtype=np.float32), (shelf, item)), shape=shape)
        buyers, holds = np.bincount(item, minlength=n_items), ever.T.tocsr()
        parts = [(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32))]
        for start, end in pair_blocks(holds, np.diff(ever.indptr), PAIRS_PER_BLOCK):
            users, recent = holds[start:end] @ ever, holds[start:end] @ lately
            users.sort_indices()
            recent.sort_indices()
            row = np.repeat(np.arange(start, end, dtype=np.int32), np.diff(users.indptr))
            pair = np.flatnonzero((users.data >= self.min_users) & (users.indices != row))
            row, other = row[pair], users.indices[pair].astype(np.int32)
            share = (recent.data[pair] / (buyers[row] + DOUBT)).astype(np.float32)
            best = best_per_row(row, share, other, self.max_neighbours)
            parts.append((row[best], other[best], share[best], users.data[pair][best].astype(np.int32)))
            progress("fit within categories", end, n_items)
        row, other, share, support = (np.concatenate(column) for column in zip(*parts, strict=True))
        return similarity_of_rows(row, other, share, support, n_items)

    def _latest(
        self, goal: Events, category: NDArray[np.int32], as_of: int | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return user and category as one number, item, and what is left of its weight, of each user's latest items."""
        n_items = len(category)
        known = goal.where((goal.user >= 0) & (category[goal.item] >= 0))
        pairs, place = first_places((known.user.astype(np.int64) * n_items + known.item)[::-1])
        time, item = known.time[::-1][place], pairs % n_items
        _, _, shelf = distinct_places(pairs // n_items * (int(category.max(initial=0)) + 1) + category[item])
        kept = _latest_of_each(shelf, time)
        if as_of is None:
            return shelf[kept], item[kept], np.ones(len(kept), dtype=np.float32)
        half_lives = (as_of - time[kept]) / (self.half_life_days * SECONDS_PER_DAY)
        return shelf[kept], item[kept], np.exp2(-np.minimum(half_lives, LONGEST_HALF_LIVES)).astype(np.float32)


def _latest_of_each(shelf: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of the latest MOST_ITEMS_PER_USER items of each shelf; shelf and time of shape (n,)."""
    number = np.bincount(shelf)
    long = number[shelf] > MOST_ITEMS_PER_USER
    some = np.flatnonzero(long)
    order = some[np.lexsort((-time[some], shelf[some]))]
    length = np.where(number > MOST_ITEMS_PER_USER, number, 0)
    before = np.cumsum(length) - length
    latest = order[np.arange(len(order)) - before[shelf[order]] < MOST_ITEMS_PER_USER]
    return np.concatenate([np.flatnonzero(~long), latest])
