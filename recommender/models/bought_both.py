"""Which pairs of items the same users bought, and which of the two came later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import Events, distinct_places, first_places
from recommender.matrix import SECONDS_PER_DAY

Ints = NDArray[np.int64]

PAIRS_PER_BLOCK = 4_000_000
MOST_ITEMS_PER_USER = 60
"""Of one category, a user's latest: wholesalers say little of what serves the same need."""


@dataclass(frozen=True, slots=True)
class FirstPurchases:
    """The first purchase of each item by each known user, by user, then day; arrays of shape (n,)."""

    user: Ints
    item: Ints
    day: Ints

    @classmethod
    def of(cls, goal: Events, n_items: int) -> FirstPurchases:
        """Return those of goal events, in order of time."""
        known = goal.where(goal.user >= 0)
        pairs, first = first_places(known.user.astype(np.int64) * n_items + known.item)
        day = known.time[first] // SECONDS_PER_DAY if known.has_times else np.zeros(len(first), np.int64)
        order = np.lexsort((day, pairs // n_items))
        return cls(pairs[order] // n_items, pairs[order] % n_items, day[order])


@dataclass(frozen=True, slots=True)
class BoughtBoth:
    """Pairs of an anchor and a dearer item of one category, codes anchor * I + item ascending, each of shape (n,).

    `users` counts the distinct users who bought both, `later` those of them who bought the dearer one on a later day.
    """

    codes: Ints
    users: Ints
    later: Ints
    n_items: int

    def of(self, counts: Ints, anchors: Ints, items: Ints) -> Ints:
        """Return the counts of some pairs, shape (n,), 0 for pairs that nobody bought."""
        wanted = anchors * self.n_items + items
        if not len(self.codes):
            return np.zeros(len(wanted), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.codes, wanted), len(self.codes) - 1)
        return np.where(self.codes[place] == wanted, counts[place], 0)

    def stepped_up(self, least: int) -> sp.csr_matrix:
        """Return the pairs, shape (I, I), of which at least so many users bought the dearer one later."""
        codes = self.codes[self.later >= least]
        pair = codes // self.n_items, codes % self.n_items
        return sp.csr_matrix((np.ones(len(codes)), pair), shape=(self.n_items, self.n_items))


def count_both(
    bought: FirstPurchases, category: NDArray[np.int32], is_step_up: Callable[[Ints, Ints], NDArray[np.bool_]]
) -> BoughtBoth:
    """Count the pairs of one category, or of no category, of which the second is a step up from the first."""
    n_items = len(category)
    codes, later = [np.zeros(0, np.int64)], [np.zeros(0, bool)]
    for first, second in _pairs_within(bought, category):
        item, other = bought.item[first], bought.item[second]
        after = bought.day[second] > bought.day[first]
        up, down = is_step_up(item, other), is_step_up(other, item)
        codes += [item[up] * n_items + other[up], other[down] * n_items + item[down]]
        later += [after[up], np.zeros(int(down.sum()), dtype=bool)]
    both, _, place = distinct_places(np.concatenate(codes))
    flags = np.concatenate(later)
    users, of_later = (np.bincount(part, minlength=len(both)) for part in (place, place[flags]))
    return BoughtBoth(both, users, of_later, n_items)


def _pairs_within(bought: FirstPurchases, category: NDArray[np.int32]) -> Iterator[tuple[Ints, Ints]]:
    """Yield places of two purchases of one user in one category, the earlier first, of the latest of each user."""
    order = np.lexsort((np.arange(len(bought.user)), category[bought.item], bought.user))
    key = bought.user[order] * (int(category.max(initial=-1)) + 2) + category[bought.item[order]] + 1
    starts = np.flatnonzero(np.concatenate([np.ones(min(len(key), 1), bool), key[1:] != key[:-1]]))
    lengths = np.diff(np.append(starts, len(key)))
    ends = np.repeat(starts + lengths, lengths)
    ends_at = np.arange(len(key))
    followers = np.where(ends - ends_at <= MOST_ITEMS_PER_USER, ends - ends_at - 1, 0)
    total = np.concatenate([[0], np.cumsum(followers)])
    start = 0
    while start < len(key):
        end = max(start + 1, int(np.searchsorted(total, total[start] + PAIRS_PER_BLOCK, side="right")) - 1)
        number = followers[start:end]
        first = np.repeat(np.arange(start, end), number)
        second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(number) - number, number)
        yield order[first], order[second]
        start = end
