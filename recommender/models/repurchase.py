"""When a customer buys an item again: gaps between purchases, and the chance of one more in the days to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, Events, stable_order
from recommender.matrix import SECONDS_PER_DAY
from recommender.models.logistic import Floats, fit_logistic, probabilities
from recommender.models.purchase_cycles import PurchaseCycles

SHAPE = 0.3
"""Purchases that the item's rate counts for in a customer's own."""
GAPS = 2.0
"""Gaps that the item's mean counts for in a customer's own."""
EARLY = 0.1
"""The share of repurchases that come so soon that nobody should be reminded."""
WINDOWS = 3
MOST_PAIRS = 300_000
"""Pairs of one window that the weights are learnt from: a seeded sample beyond."""
PAIRS_AT_ONCE = 2_000_000
"""Pairs whose features are in memory together."""
RECENT_DAYS = 28
WEIGHTS = np.array([-0.3, 0.8, 0.75, -0.65, -0.1, 0.3, 0.3])
PRECISION = np.array([1.0, 20, 20, 20, 20, 20, 20])
"""What the weights of `features` come to in a grocer's year, and how many cases, roughly, that is worth."""


@dataclass(frozen=True, slots=True)
class Repurchase:
    """The chance that a customer buys an item again within the next `horizon_days`.

    A customer's rate of an item is the posterior mean of a gamma-Poisson model, rate = (purchases after the first + a)
    / (days since the first + a / item's rate), a = SHAPE; the item's rate is shrunk towards that of its category, and
    that towards the shop's: the model of Bhagat et al., "Buy It Again" (KDD 2018, section 3.3), whose repeat customer
    probability (section 3.1) tells consumables from durables. As there, what was just bought is not wanted yet; how
    much less is learnt, not assumed: a discrete-time hazard (Singer and Willett, Journal of Educational Statistics
    18(2), 1993), a logistic regression on the purchases of the last windows of the data, of

        ln times bought, ln rate, ln(days since the last * rate) and its square, logit of the item's share of customers
        who come back for it, ln of how much more often it is bought now than over the whole time.

    Purchases of one day are one. Without times nothing is known of gaps.

    Parameters
    ----------
    horizon_days : float
    consumable_share : float
        Share of an item's customers who buy it again from which on it is a consumable.
    """

    horizon_days: float = 7.0
    consumable_share: float = 0.1

    def fit(
        self, goal: Events, category: NDArray[np.int32], as_of: int | None, *, learn: bool = True
    ) -> PurchaseCycles:
        """Return the cycles of all users; `goal` events net of returns, category of each item of shape (I,), or -1.

        Unless they `learn`, chances are those of a grocer's year; all else is as it is.
        """
        occasions = Occasions.of(goal, len(category))
        if as_of is None:
            share = comes_back(occasions.until(NO_TIME), category)
            return PurchaseCycles.empty(goal.n_users, share >= self.consumable_share)
        weights = self._weights(occasions, category, as_of) if learn else WEIGHTS
        pairs = occasions.until(as_of)
        habits = ItemHabits.of(pairs, occasions, category)
        gap = pairs.gap_days(habits.gap_days)
        offered = pairs.last + (habits.early[pairs.item] * gap - self.horizon_days) * SECONDS_PER_DAY
        return PurchaseCycles(
            indptr=np.searchsorted(pairs.user, np.arange(goal.n_users + 1)),
            items=pairs.item.astype(np.int32),
            times=pairs.times.astype(np.int32),
            first_time=pairs.first,
            last_time=pairs.last,
            due_time=(pairs.last + gap * SECONDS_PER_DAY).astype(np.int64),
            offered_from=np.maximum(offered, pairs.last + 1).astype(np.int64),
            probability=self._probabilities(pairs, habits, weights),
            item_gap_days=habits.gap_days.astype(np.float32),
            item_early=habits.early.astype(np.float32),
            item_repeaters=habits.repeaters.astype(np.int32),
            consumable=habits.comes_back >= self.consumable_share,
        )

    def _weights(self, occasions: Occasions, category: NDArray[np.int32], as_of: int) -> Floats:
        """Return the weights of the features, learnt from the windows before `as_of`."""
        horizon = round(self.horizon_days * SECONDS_PER_DAY)
        features, happened = [np.zeros((0, len(WEIGHTS)))], [np.zeros(0, dtype=bool)]
        for window in range(WINDOWS):
            cut = as_of - horizon - window * horizon // 2
            pairs = occasions.until(cut)
            if not len(pairs.item):
                break
            again = pairs.among(occasions.within(cut, cut + horizon))
            chosen = _sample(len(again), MOST_PAIRS)
            habits = ItemHabits.of(pairs, occasions, category)
            features.append(self._features(pairs.chosen(chosen), habits))
            happened.append(again[chosen])
        return fit_logistic(np.concatenate(features), np.concatenate(happened), WEIGHTS, PRECISION)

    def _probabilities(self, pairs: Pairs, habits: ItemHabits, weights: Floats) -> NDArray[np.float32]:
        """Return the chance of one more purchase of each pair within the horizon."""
        chances = np.empty(len(pairs.item), dtype=np.float32)
        for start in range(0, len(chances), PAIRS_AT_ONCE):
            some = np.arange(start, min(start + PAIRS_AT_ONCE, len(chances)))
            chances[some] = probabilities(self._features(pairs.chosen(some), habits), weights)
        return chances

    def _features(self, pairs: Pairs, habits: ItemHabits) -> Floats:
        since_first, since_last = pairs.days_since(pairs.first), pairs.days_since(pairs.last)
        rate = (pairs.times - 1 + SHAPE) / (since_first + SHAPE / habits.rate[pairs.item])
        late = np.clip(np.log((since_last + 1) * rate), -4, 3)
        share = habits.comes_back[pairs.item]
        return np.column_stack(
            [
                np.ones(len(rate)),
                np.log(pairs.times),
                np.log(rate * self.horizon_days),
                late,
                late**2,
                np.log(share / (1 - share)),
                np.log(habits.rise[pairs.item]),
            ]
        )


@dataclass(frozen=True, slots=True)
class Occasions:
    """Days on which users bought items: codes user * I + item and times, each of shape (n,), by code, then time."""

    code: NDArray[np.int64]
    time: NDArray[np.int64]
    n_items: int

    @classmethod
    def of(cls, goal: Events, n_items: int) -> Occasions:
        """Return the occasions of known users; without times every order is one."""
        known = goal.where(goal.user >= 0)
        code = known.user.astype(np.int64) * n_items + known.item
        day = known.time // SECONDS_PER_DAY if known.has_times else known.order.astype(np.int64)
        order = stable_order(code) if known.has_times else np.lexsort((day, code))  # events are in time order
        code, day = code[order], day[order]
        new = _starts_run(code) | _starts_run(day)
        return cls(code[new], known.time[order][new], n_items)

    def until(self, cut: int) -> Pairs:
        """Return who bought what up to a time in seconds since 1970."""
        keep = self.time <= cut
        code, time = self.code[keep], self.time[keep]
        starts = np.flatnonzero(_starts_run(code))
        times = np.diff(np.append(starts, len(code)))
        return Pairs(code[starts], times, time[starts], time[starts + times - 1], cut, self.n_items)

    def within(self, start: int, end: int) -> NDArray[np.int64]:
        """Return the codes of what was bought after `start`, up to `end`."""
        return self.code[(self.time > start) & (self.time <= end)]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct pairs of user and item, ascending, each of shape (n,); `cut` is "now" in seconds since 1970."""

    code: NDArray[np.int64]
    times: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    cut: int
    n_items: int

    @property
    def user(self) -> NDArray[np.int64]:
        """The user of each pair."""
        return self.code // self.n_items

    @property
    def item(self) -> NDArray[np.int64]:
        """The item of each pair."""
        return self.code % self.n_items

    def among(self, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of the pairs, shape (n,), are among some codes."""
        there = np.zeros(len(self.code), dtype=bool)
        place = np.searchsorted(self.code, codes)
        known = place < len(self.code)
        known[known] = self.code[place[known]] == codes[known]
        there[place[known]] = True
        return there

    def days_since(self, time: NDArray[np.int64]) -> Floats:
        """Return the days from some times to now."""
        return (self.cut - time) / SECONDS_PER_DAY

    def gap_days(self, of_items: Floats) -> Floats:
        """Return the days between two purchases to expect, the customer's own mean shrunk towards the item's."""
        own = (self.last - self.first) / SECONDS_PER_DAY
        return np.asarray((own + GAPS * of_items[self.item]) / (self.times - 1 + GAPS))

    def chosen(self, places: NDArray[np.int64]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.code[places], self.times[places], self.first[places], self.last[places], self.cut, self.n_items
        )


@dataclass(frozen=True, slots=True)
class ItemHabits:
    """What customers do with each item, each of shape (I,).

    `rate` is purchases after the first per day, `gap_days` the mean gap of those who come back, `early` the share of a
    gap before which only a tenth of the repurchases fall, `comes_back` the share of customers who buy it again,
    `repeaters` their number, `rise` how much more often it is bought now.
    """

    rate: Floats
    gap_days: Floats
    early: Floats
    comes_back: Floats
    repeaters: NDArray[np.int64]
    rise: Floats

    @classmethod
    def of(cls, pairs: Pairs, occasions: Occasions, category: NDArray[np.int32]) -> ItemHabits:
        """Return the habits up to the time of the pairs."""
        n_items, item = len(category), pairs.item
        repeats = np.bincount(item, pairs.times - 1, minlength=n_items)
        exposure = np.bincount(item, pairs.days_since(pairs.first), minlength=n_items)
        spanned = np.bincount(item, (pairs.last - pairs.first) / SECONDS_PER_DAY, minlength=n_items)
        gap_days = np.maximum(_shrunk(spanned, repeats, category, 20, 10, rare=30.0), 1)
        past = occasions.time <= pairs.cut
        code, time = occasions.code[past], occasions.time[past]
        return cls(
            rate=_shrunk(repeats, exposure, category, 3000, 1500, rare=1e-3),
            gap_days=gap_days,
            early=_early(code, time, pairs, gap_days),
            comes_back=comes_back(pairs, category),
            repeaters=np.bincount(item[pairs.times > 1], minlength=n_items),
            rise=_rise(code % n_items, time, pairs.cut, n_items),
        )


def comes_back(pairs: Pairs, category: NDArray[np.int32]) -> Floats:
    """Return the share of an item's customers who buy it again, within 0.001 to 0.999, shape (I,)."""
    again = np.bincount(pairs.item, pairs.times > 1, minlength=len(category))
    buyers = np.bincount(pairs.item, minlength=len(category)).astype(np.float64)
    return np.clip(_shrunk(again, buyers, category, 20, 2, rare=0.01), 1e-3, 0.999)


def _shrunk(
    number: NDArray[Any],
    exposure: NDArray[Any],
    category: NDArray[np.int32],
    of_category: float,
    of_item: float,
    *,
    rare: float,
) -> Floats:
    """Return number / exposure per item, shrunk towards its category's and that towards the shop's, shape (I,).

    The two strengths are in units of exposure; `rare` is the ratio of a shop that has seen nothing.
    """
    shop = (number.sum() + rare * of_item) / (exposure.sum() + of_item)
    known = category >= 0
    rows = category[known]
    numbers = np.bincount(rows, number[known]) if known.any() else np.zeros(0)
    exposures = np.bincount(rows, exposure[known]) if known.any() else np.zeros(0)
    prior = np.full(len(number), shop)
    prior[known] = ((numbers + shop * of_category) / (exposures + of_category))[rows]
    return np.asarray((number + prior * of_item) / (exposure + of_item))


def _rise(item: NDArray[np.int64], time: NDArray[np.int64], cut: int, n_items: int) -> Floats:
    """Return purchases of the last RECENT_DAYS over what the whole time lets expect, each with half a purchase more."""
    if not len(item):
        return np.ones(n_items)
    window = RECENT_DAYS * SECONDS_PER_DAY
    recent = time > cut - window
    share = min(1.0, window / max(cut - int(time.min()), 1))
    now, always = np.bincount(item[recent], minlength=n_items), np.bincount(item, minlength=n_items)
    return np.asarray((now + 0.5) / (always * share + 0.5))


def _early(code: NDArray[np.int64], time: NDArray[np.int64], pairs: Pairs, gap_days: Floats) -> Floats:
    """Return the EARLY quantile of observed over expected gaps, shape (I,); of the whole shop where gaps are few."""
    n_items = len(gap_days)
    same = np.flatnonzero(code[1:] == code[:-1])
    if not len(same):
        return np.full(n_items, EARLY)
    expected = pairs.gap_days(gap_days)[np.searchsorted(pairs.code, code[same])]
    ratio, item = (time[same + 1] - time[same]) / SECONDS_PER_DAY / expected, code[same] % n_items
    early = np.full(n_items, np.quantile(ratio, EARLY))
    order = np.lexsort((ratio, item))
    number = np.bincount(item, minlength=n_items)
    first = np.cumsum(number) - number
    many = np.flatnonzero(number >= 2 / EARLY)
    early[many] = ratio[order][first[many] + (number[many] * EARLY).astype(np.int64)]
    return early


def _starts_run(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a value, shape (n,), differs from the one before it; the first does."""
    return np.concatenate([np.ones(min(len(values), 1), dtype=bool), values[1:] != values[:-1]])


def _sample(n: int, most: int) -> NDArray[np.int64]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))
