"""Best sellers: what every model is set beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events, distinct
from recommender.evaluation.item_lists import ItemLists
from recommender.matrix import SECONDS_PER_DAY


def best_sellers(train: Events, n_items: int, days: float) -> NDArray[np.int32]:
    """Return the items with the most distinct users in the last `days` of training (all of it, without times)."""
    recent = train
    if train.has_times:
        recent = train.where(train.time > train.time[-1] - int(days * SECONDS_PER_DAY))
    users = distinct_buyers(recent, n_items)
    order = np.argsort(-users, kind="stable")
    return order[users[order] > 0].astype(np.int32)


def distinct_buyers(goal: Events, n_items: int) -> NDArray[np.int64]:
    """Return the distinct users, sessions and guest orders behind each item, shape (I,)."""
    pairs = distinct(goal.actor.astype(np.int64) * n_items + goal.item)
    return np.bincount(pairs % n_items, minlength=n_items)


def best_not_given(best: NDArray[np.int32], given: ItemLists, k: int) -> NDArray[np.int32]:
    """Return a slate for each list of given items, shape (N, k): the best of the others, -1 where there are no more."""
    slates = np.full((len(given), k), -1, dtype=np.int32)
    for case in range(len(given)):
        hidden = given.of(case)
        head = best[: k + len(hidden)]
        head = head[~np.isin(head, hidden)][:k]
        slates[case, : len(head)] = head
    return slates
