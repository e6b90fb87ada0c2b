"""What is asked: questions to placements whose right answers the test side knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import NO_TIME, Events, distinct, first_places
from recommender.evaluation.item_lists import ItemLists
from recommender.matrix import net_of_returns
from recommender.models import build_baskets
from recommender.placements import Query

FOR_YOU, ALSO_BOUGHT, CROSS_SELL, SIMILAR_ITEMS = "for-you", "also-bought", "cross-sell", "similar-items"
UP_SELL, BUY_AGAIN = "up-sell", "buy-again"
LEAST_BASKET = 4
"""Items of an order of which half is hidden: with fewer, what is left is no basket."""


@dataclass(frozen=True, slots=True)
class Task:
    """N cases of one kind.

    Attributes
    ----------
    name : str
        The placement that is asked.
    asked : str
        What counts as a right answer, in words.
    unit : str
        What a case is: users, orders, items.
    ids : list of str, N
        The user, or the items that are asked about.
    given : ItemLists, N
        What must not be answered: the baseline leaves it out as the placement does.
    relevant : ItemLists, N
        The right answers, at least one each.
    units : int64, shape (N,)
        Whom a case belongs to; cases of one unit are resampled together.
    history : int64 or None, shape (N,)
        Items in the history of the user who is asked about, where users are.
    users : list of str or None, N
        Who asks, where a case is an item that a user asks about.
    baskets : list of tuple of str, or None
        The items that each case is asked with, where these are several.
    """

    name: str
    asked: str
    unit: str
    ids: list[str]
    given: ItemLists
    relevant: ItemLists
    units: NDArray[np.int64]
    history: NDArray[np.int64] | None = None
    users: list[str] | None = None
    baskets: list[tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def query(self, case: int, k: int) -> Query:
        """Return the question of one case, as a page would ask it."""
        if self.unit == "users":
            return Query(self.name, k, user_id=self.ids[case])
        user_id = None if self.users is None else self.users[case]
        item_ids = (self.ids[case],) if self.baskets is None else self.baskets[case]
        return Query(self.name, k, user_id=user_id, item_ids=item_ids)


def for_you_task(bundle: Bundle, test: Events, known: NDArray[np.bool_], max_users: int) -> Task:
    """Ask for-you for each user of the test side with a relevant item; at most `max_users`, a seeded sample.

    `test` are goal events, net of returns. Relevant are the `known` items, shape (I,), that the user bought there and
    that the rules of the placement do not hide: new ones only, or all purchases where the rules allow repeats.
    """
    n_items, histories = len(bundle.items), bundle.histories
    bought = test.where((test.user >= 0) & known[test.item])
    hidden = _hidden_pairs(bundle, distinct(bought.user))
    pairs = _without(bought.user.astype(np.int64) * n_items + bought.item, hidden)
    users = sample(distinct(pairs // n_items), max_users)
    rules = bundle.config.placements.for_you
    if rules.exclude_seen:
        asked = "new items, neither bought nor looked at before"
    else:
        asked = "new items, not bought before" if rules.exclude_owned else "all purchases"
    return Task(
        name=FOR_YOU,
        asked=asked,
        unit="users",
        ids=bundle.users.ids_of(users.tolist()),
        given=_rows(hidden, users, n_items),
        relevant=_rows(pairs, users, n_items),
        units=users,
        history=np.diff(histories.indptr)[users],
    )


def also_bought_task(bundle: Bundle, test: Events, known: NDArray[np.bool_], max_orders: int) -> Task:
    """Ask also-bought for the rest of each order of the test side of at least two `known` items, one drawn as given."""
    baskets = build_baskets(test.where(known[test.item]))
    chosen = sample(np.flatnonzero(baskets.sizes >= 2), max_orders)
    rng = np.random.default_rng(0)
    orders = [baskets.of(int(number)) for number in chosen]
    places = [int(rng.integers(len(items))) for items in orders]
    anchors = [items[place] for items, place in zip(orders, places, strict=True)]
    return Task(
        name=ALSO_BOUGHT,
        asked="the rest of an order, one item given",
        unit="orders",
        ids=bundle.items.ids_of(int(anchor) for anchor in anchors),
        given=ItemLists.of_arrays([np.array([anchor]) for anchor in anchors]),
        relevant=ItemLists.of_arrays([np.delete(items, place) for items, place in zip(orders, places, strict=True)]),
        units=baskets.actor[chosen].astype(np.int64),
    )


def up_sell_task(bundle: Bundle, train: Events, test: Events, known: NDArray[np.bool_], max_cases: int) -> Task:
    """Ask up-sell, for each user, about the last item of each category that training saw them buy.

    Right are the `known` items of the category that the user bought for the first time on the test side and that cost
    within the band of [models.up_sell] times as much; what the user had bought before is given. Both sides are goal
    events, net of returns.
    """
    n_items, category = len(bundle.items), bundle.catalogue.category.astype(np.int64)
    config, price = bundle.config.models.up_sell, bundle.trade_ups.price.astype(np.float64)
    before = train.where((train.user >= 0) & (category[train.item] >= 0))
    shelf = before.user * (category.max(initial=0) + 1) + category[before.item]
    shelves, place = first_places(shelf[::-1])  # events are in time order
    last = before.item[::-1][place]
    seen = distinct(before.user.astype(np.int64) * n_items + before.item)
    after = test.where((test.user >= 0) & (category[test.item] >= 0) & known[test.item])
    bought = _without(after.user.astype(np.int64) * n_items + after.item, seen)
    user, item = bought // n_items, bought % n_items
    wanted = user * (category.max(initial=0) + 1) + category[item]
    row = np.minimum(np.searchsorted(shelves, wanted), max(len(shelves) - 1, 0))
    found = shelves[row] == wanted if len(shelves) else np.zeros(len(wanted), dtype=bool)
    user, item, row = user[found], item[found], row[found]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = price[item] / price[last[row]]
    dearer = (ratio >= config.low - 1e-6) & (ratio <= config.high + 1e-6)
    relevant = ItemLists.of_pairs(row[dearer], item[dearer], len(shelves))
    chosen = sample(np.flatnonzero(relevant.sizes), max_cases)
    users = shelves[chosen] // (category.max(initial=0) + 1)
    return Task(
        name=UP_SELL,
        asked=f"first purchases {config.low:g} to {config.high:g} times dearer than the user's last of the category",
        unit="items",
        ids=bundle.items.ids_of(last[chosen].tolist()),
        given=_rows(seen, users, n_items),
        relevant=relevant.chosen(chosen),
        units=users,
        users=bundle.users.ids_of(users.tolist()),
    )


def buy_again_task(bundle: Bundle, train: Events, test: Events, known: NDArray[np.bool_], max_users: int) -> Task:
    """Ask buy-again for each user who bought a past, `known` item again on the test side.

    What the rules hide all the same counts as missed. Both sides are goal events, net of returns.
    """
    n_items = len(bundle.items)
    past, again = (
        distinct(part.user.astype(np.int64) * n_items + part.item)
        for part in (side.where((side.user >= 0) & known[side.item]) for side in (train, test))
    )
    pairs = np.intersect1d(past, again, assume_unique=True)
    users = sample(distinct(pairs // n_items), max_users)
    nothing = np.zeros(0, dtype=np.int32)
    return Task(
        name=BUY_AGAIN,
        asked="past items that were bought again",
        unit="users",
        ids=bundle.users.ids_of(users.tolist()),
        given=ItemLists.of_arrays([nothing] * len(users)),
        relevant=_rows(pairs, users, n_items),
        units=users,
        history=np.diff(bundle.histories.indptr)[users],
    )


def cross_sell_task(bundle: Bundle, test: Events, known: NDArray[np.bool_], max_orders: int) -> Task:
    """Ask cross-sell for half of each order of the test side of at least four `known` items, the others drawn as given.

    Repeats count: nobody is named, so nothing is hidden as owned.
    """
    baskets = build_baskets(test.where(known[test.item]))
    chosen = sample(np.flatnonzero(baskets.sizes >= LEAST_BASKET), max_orders)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(baskets.of(int(number))) for number in chosen]
    given = [np.sort(items[: len(items) // 2]) for items in orders]
    asked_with = [tuple(bundle.items.ids_of(items.tolist())) for items in given]
    return Task(
        name=CROSS_SELL,
        asked="the rest of an order, half of it given",
        unit="orders",
        ids=[" + ".join(ids) for ids in asked_with],
        given=ItemLists.of_arrays(given),
        relevant=ItemLists.of_arrays([np.sort(items[len(items) // 2 :]) for items in orders]),
        units=baskets.actor[chosen].astype(np.int64),
        baskets=asked_with,
    )


def similar_items_task(
    bundle: Bundle, relations: tuple[NDArray[np.int32], NDArray[np.int32]], known: NDArray[np.bool_], max_items: int
) -> Task:
    """Ask similar-items for the `known` items that a relation file names; `relations` are items and related items."""
    items, related = relations
    fine = known[items] & known[related] & (items != related)
    lists = ItemLists.of_pairs(items[fine], related[fine], len(bundle.items))
    anchors = sample(np.flatnonzero(lists.sizes), max_items)
    return Task(
        name=SIMILAR_ITEMS,
        asked="the related items of evaluation.relations",
        unit="items",
        ids=bundle.items.ids_of(anchors.tolist()),
        given=ItemLists.of_arrays(list(anchors[:, None])),
        relevant=lists.chosen(anchors),
        units=anchors,
    )


def goal_events(events: Events, goal: str) -> Events:
    """Return the events of the goal's type, net of returns."""
    net = net_of_returns(events)
    return net.where(net.is_type(goal))


def sample(values: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most `most` of the values, shape (n,), ascending: the same ones every time."""
    if len(values) <= most:
        return values
    return np.sort(np.random.default_rng(0).choice(values, most, replace=False))


def _hidden_pairs(bundle: Bundle, users: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return user * I + item, ascending, of every pair of some users that the rules of for-you hide."""
    rules = bundle.config.placements.for_you
    owned = owned_pairs(bundle, users) if rules.exclude_seen or rules.exclude_owned else np.zeros(0, np.int64)
    if not rules.exclude_seen:
        return owned
    histories = bundle.histories
    entries, user = _entries(histories.indptr, users)
    return distinct(np.concatenate([user * len(bundle.items) + histories.items[entries], owned]))


def owned_pairs(bundle: Bundle, users: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return user * I + item, ascending, of what some users have and the policy of ownership does not show them yet."""
    ownership, now = bundle.ownership, bundle.as_of_seconds
    entries, user = _entries(ownership.indptr, users)
    hidden = ownership.hidden_until[entries] > (NO_TIME if now is None else now)
    return (user * len(bundle.items) + ownership.items[entries])[hidden]


def _entries(indptr: NDArray[np.int64], users: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the entries of some rows of a compressed matrix, and the row of each, shape (n,)."""
    starts = indptr[users].astype(np.int64)
    lengths = indptr[users + 1].astype(np.int64) - starts
    before = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths), np.repeat(users, lengths).astype(
        np.int64
    )


def _without(pairs: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct pairs that are not among others, which are distinct, ascending."""
    return np.setdiff1d(distinct(pairs), others, assume_unique=True)


def _rows(pairs: NDArray[np.int64], users: NDArray[np.int64], n_items: int) -> ItemLists:
    """Return the items of some users, from ascending pairs user * I + item."""
    starts, ends = (np.searchsorted(pairs, edge * n_items) for edge in (users, users + 1))
    return ItemLists.of_arrays([pairs[start:end] % n_items for start, end in zip(starts, ends, strict=True)])
