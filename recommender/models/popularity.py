"""One number per item: best sellers, what rises, what is new."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events, distinct, first_places
from recommender.matrix import SECONDS_PER_DAY

SUPPORT_DAYS = 28
"""How far back the customers reach whom the reason of a best seller counts."""


@dataclass(frozen=True)
class ItemScores:
    """A score per item, and the number that explains it.

    Attributes
    ----------
    scores : float32, shape (I,)
        0..1; items at 0 are no candidates.
    support : int32, shape (I,)
        What the reason tells: distinct users, or days since an item was new.
    """

    scores: NDArray[np.float32]
    support: NDArray[np.int32]

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """The candidates, best first, ties by item."""
        best_first = np.argsort(-self.scores, kind="stable")
        return best_first[self.scores[best_first] > 0].astype(np.int32)


@dataclass(frozen=True, slots=True)
class Popularity:
    """Share of the active users who bought an item, a user counting 0.5 ** (age of the last purchase / half-life)."""

    half_life_days: float = 28.0

    def fit(self, events: Events, n_items: int, as_of: int | None) -> ItemScores:
        """Return the scores of `n_items` items; `as_of` in seconds since 1970, None without times.

        Support counts the users of the last SUPPORT_DAYS (all, without times).
        """
        actor, item, time = _last_per_actor_and_item(events, n_items)
        age_days = np.zeros(len(time)) if as_of is None else (as_of - time) / SECONDS_PER_DAY
        active = np.zeros(events.n_actors)
        freshness = np.exp2(-age_days / self.half_life_days)
        np.maximum.at(active, actor, freshness)
        scores = np.bincount(item, freshness, minlength=n_items) / max(active.sum(), 1e-12)
        support = np.bincount(item[age_days <= SUPPORT_DAYS], minlength=n_items)
        return ItemScores(scores.astype(np.float32), support.astype(np.int32))


@dataclass(frozen=True, slots=True)
class Trending:
    """How far an item's users of the last `days` exceed what the four windows before let expect.

    With r recent users and e = (users of the four windows before) / 4, z = (r - e) / sqrt(e + 1), as for a Poisson
    count; the score is z / (1 + z). Items that do not rise score 0; without times nothing rises.
    """

    days: float = 7.0

    def fit(self, events: Events, n_items: int, as_of: int | None) -> ItemScores:
        """Return the scores of `n_items` items; `as_of` in seconds since 1970, None without times.

        Support counts the recent distinct users.
        """
        if as_of is None:
            return ItemScores(np.zeros(n_items, np.float32), np.zeros(n_items, np.int32))
        window = ((as_of - events.time) / SECONDS_PER_DAY // self.days).astype(np.int64)
        near = window < 5
        users = (window[near] * n_items + events.item[near]) * events.n_actors + events.actor[near]
        n_users = np.bincount(distinct(users) // events.n_actors, minlength=5 * n_items).reshape(5, n_items)
        recent, expected = n_users[0], n_users[1:].mean(axis=0)
        z = np.maximum(recent - expected, 0) / np.sqrt(expected + 1)
        return ItemScores((z / (1 + z)).astype(np.float32), recent.astype(np.int32))


@dataclass(frozen=True, slots=True)
class NewArrivals:
    """Items created, or else first sold, within the last `days`; the score falls linearly with age."""

    days: float = 60.0

    def fit(
        self, events: Events, created_at: NDArray[np.int64], *, counted: NDArray[np.bool_] | None = None
    ) -> ItemScores:
        """Return the scores of the items; `created_at` in seconds since 1970, shape (I,), -1 where unknown.

        First sight only tells for items first seen in the second half of the data: before, everything looks new.
        Support is the age in days. A mask, shape (E,), may say which events are `counted`.
        """
        n_items = len(created_at)
        item, time = (events.item, events.time) if counted is None else (events.item[counted], events.time[counted])
        if not events.has_times or not len(time):
            return ItemScores(np.zeros(n_items, np.float32), np.zeros(n_items, np.int32))
        never = np.iinfo(np.int64).max
        first_seen = np.full(n_items, never)
        first_seen[item[::-1]] = time[::-1]  # the earliest event is written last
        middle = (int(time[0]) + int(time[-1])) // 2
        telling = (first_seen != never) & (first_seen > middle)
        since = np.where(created_at >= 0, created_at, np.where(telling, first_seen, 0))
        age_days = np.maximum((time[-1] - since) / SECONDS_PER_DAY, 0)
        scores = np.where((since > 0) & (age_days < self.days), 1 - age_days / self.days, 0)
        return ItemScores(scores.astype(np.float32), np.minimum(age_days, 1e9).astype(np.int32))


def _last_per_actor_and_item(
    events: Events, n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return actor, item and time of the last event of each distinct (actor, item)."""
    pair = events.actor.astype(np.int64) * n_items + events.item
    # events are in time order, so the first of the reversed array is the last event
    pairs, first = first_places(pair[::-1])
    return pairs // n_items, pairs % n_items, events.time[::-1][first]
