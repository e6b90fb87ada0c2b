"""Which dearer item of the same need a customer may step up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import Catalogue, Events, distinct
from recommender.dataset.package_size import package_size
from recommender.matrix import SECONDS_PER_DAY
from recommender.models.bought_both import BoughtBoth, FirstPurchases, count_both
from recommender.models.title_words import title_vectors
from recommender.models.trade_ups import TradeUps
from recommender.progress import Progress, silent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALIKE, ALIKE_WITHOUT_CATEGORY = 0.3, 0.5
"""Cosine of the words of two titles from which on they name one need, inside a category and without categories."""
PROVEN_ALIKE_WITHOUT_CATEGORY = 0.4
"""The same without categories, where enough users stepped up; inside a category these need no words in common."""
ALWAYS, NOW = 0.6, 0.4
"""How much the buyers of all time and of the last RECENT_DAYS say of a candidate no one has stepped up to yet."""
RECENT_DAYS = 28
PAIRS_PER_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class UpSell:
    """The chance of each dearer item of the same need, learnt from customers who bought both.

    chance(a -> b) = (n_ab + strength * prior_b) / (sum_b n_ab + strength), n_ab the distinct users who bought both,
    prior_b the share of b in buyers^0.6 * recent buyers^0.4 among the candidates of a: a Dirichlet-multinomial
    posterior mean, empirical Bayes (Casella, The American Statistician 39(2), 1985). What is bought after, on a later
    day, is counted apart and told as a trade-up.

    Candidates of a are items of its category whose titles share its words, or that `min_support` users stepped up to;
    without a category, items whose titles share most words, or many if so many users stepped up. Their price is `low`
    to `high` times that of a; where the sizes of the packages are known in one unit, no unit costs more than `high`
    times as much either, unless `min_support` users stepped up all the same.

    Parameters
    ----------
    low, high : float
    strength : float
        Customers that the prior counts for.
    min_support : int
    max_candidates : int
        Kept per item, the most probable.
    """

    low: float = 1.05
    high: float = 2.0
    strength: float = 10.0
    min_support: int = 5
    max_candidates: int = 100

    def fit(self, goal: Events, catalogue: Catalogue, as_of: int | None, *, progress: Progress = silent) -> TradeUps:
        """Return the candidates of all items; `goal` events net of returns, `as_of` in seconds since 1970, or None."""
        n_items = len(catalogue)
        price = prices(catalogue, goal)
        bought = FirstPurchases.of(goal, n_items)
        buyers = np.bincount(bought.item, minlength=n_items)
        recent = buyers if as_of is None else _recent_buyers(goal, n_items, as_of)
        prior = (buyers + 0.3) ** ALWAYS * (recent + 0.3) ** NOW
        both = count_both(bought, catalogue.category, lambda anchors, items: self._in_band(price, anchors, items))
        rows, n_pairs = [], 0
        for anchors, items in self._candidates(catalogue, price, both):
            rows.append(self._best(anchors, items, both, prior))
            n_pairs += len(anchors)
            progress("fit up-sell", n_pairs, None)
        anchors, items, chance = (
            np.concatenate([np.zeros(0), *parts]) for parts in (zip(*rows, strict=True) if rows else ((), (), ()))
        )
        anchors, items = anchors.astype(np.int64), items.astype(np.int64)
        order = np.argsort(anchors, kind="stable")
        anchors, items, chance = anchors[order], items[order], chance[order]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(anchors, minlength=n_items))])
        return TradeUps(
            indptr=indptr.astype(np.int64),
            items=items.astype(np.int32),
            chance=chance.astype(np.float32),
            trade_ups=both.of(both.later, anchors, items).astype(np.int32),
            buyers=buyers.astype(np.int32),
            price=price.astype(np.float32),
        )

    def _in_band(self, price: Floats, anchors: Ints, items: Ints) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = price[items] / price[anchors]
        return np.asarray((ratio >= self.low - 1e-9) & (ratio <= self.high + 1e-9))

    def _candidates(self, catalogue: Catalogue, price: Floats, both: BoughtBoth) -> Iterator[tuple[Ints, Ints]]:
        """Yield pairs of anchor and candidate, in blocks that hold all candidates of their anchors."""
        titles = catalogue.table["title"].to_pylist() if "title" in catalogue.columns else [None] * len(catalogue)
        vectors = title_vectors([None if title is None else str(title) for title in titles])
        sizes = [None if title is None else package_size(str(title)) for title in titles]
        amount = np.array([np.nan if size is None else size.amount for size in sizes])
        unit = np.array(["" if size is None else size.unit for size in sizes])
        category, priced = catalogue.category, np.isfinite(price) & (price > 0) & catalogue.servable
        often = both.stepped_up(self.min_support)
        for code in np.unique(category[priced]).tolist():
            members = np.flatnonzero(priced & (category == code))
            if len(members) > 1:
                yield from self._of_group(members, vectors, often, price, amount, unit, one_category=code >= 0)

    def _of_group(
        self,
        members: Ints,
        vectors: sp.csr_matrix,
        often: sp.csr_matrix,
        price: Floats,
        amount: Floats,
        unit: NDArray[np.str_],
        *,
        one_category: bool,
    ) -> Iterator[tuple[Ints, Ints]]:
        words = vectors[members]
        nameless = np.flatnonzero((np.diff(words.indptr) == 0) & one_category)
        size = max(1, PAIRS_PER_BLOCK // len(members))
        for start in range(0, len(members), size):
            similar = words[start : start + size] @ words.T
            proven_steps = often[members[start : start + size]][:, members]
            if not one_category:
                proven_steps = proven_steps.multiply(similar >= PROVEN_ALIKE_WITHOUT_CATEGORY)
            stepped, alike = proven_steps.tocoo(), similar.tocoo()
            near = alike.data >= (ALIKE if one_category else ALIKE_WITHOUT_CATEGORY)
            unnamed = nameless[(nameless >= start) & (nameless < start + size)]
            row = np.concatenate([stepped.row + start, alike.row[near] + start, np.repeat(unnamed, len(nameless))])
            column = np.concatenate([stepped.col, alike.col[near], np.tile(nameless, len(unnamed))])
            code = row.astype(np.int64) * len(members) + column
            pair = distinct(code)
            anchors, items = members[pair // len(members)], members[pair % len(members)]
            proven = np.isin(pair, code[: len(stepped.row)])
            worth = proven | self._worth(anchors, items, price, amount, unit)
            fine = worth & self._in_band(price, anchors, items)
            yield anchors[fine], items[fine]

    def _worth(
        self, anchors: Ints, items: Ints, price: Floats, amount: Floats, unit: NDArray[np.str_]
    ) -> NDArray[np.bool_]:
        """Return of which candidates, shape (n,), no unit costs more than the band allows, where sizes are known."""
        comparable = (unit[items] == unit[anchors]) & (unit[items] != "")
        larger = np.where(comparable, amount[items] / amount[anchors], 1)
        return np.asarray(price[items] / price[anchors] / larger <= self.high + 1e-9)

    def _best(self, anchors: Ints, items: Ints, both: BoughtBoth, prior: Floats) -> tuple[Ints, Ints, Floats]:
        """Return the most probable candidates of each anchor with their chances, best first."""
        n_items, n_both = len(prior), both.of(both.users, anchors, items)
        total = np.bincount(anchors, n_both, minlength=n_items)
        share = prior[items] / np.bincount(anchors, prior[items], minlength=n_items)[anchors]
        chance = (n_both + self.strength * share) / (total[anchors] + self.strength)
        order = np.lexsort((items, -chance, anchors))
        anchors, items, chance = anchors[order], items[order], chance[order]
        lengths = np.bincount(anchors, minlength=n_items)
        place = np.arange(len(anchors)) - (np.cumsum(lengths) - lengths)[anchors]
        kept = place < self.max_candidates
        return anchors[kept], items[kept], chance[kept]


def prices(catalogue: Catalogue, goal: Events) -> Floats:
    """Return the price of each item, shape (I,): the catalogue's, else the median paid, NaN where neither is known."""
    known = np.flatnonzero(~np.isnan(goal.price) & (goal.price > 0))
    order = known[np.lexsort((goal.price[known], goal.item[known]))]
    number = np.bincount(goal.item[order], minlength=len(catalogue))
    first = np.cumsum(number) - number
    paid = np.full(len(catalogue), np.nan)
    sold = np.flatnonzero(number)
    paid[sold] = goal.price[order][first[sold] + (number[sold] - 1) // 2]
    return np.where(np.isnan(catalogue.price), paid, catalogue.price)


def _recent_buyers(goal: Events, n_items: int, as_of: int) -> Ints:
    recent = goal.where((goal.user >= 0) & (goal.time > as_of - RECENT_DAYS * SECONDS_PER_DAY))
    pairs = distinct(recent.user.astype(np.int64) * n_items + recent.item)
    return np.bincount(pairs % n_items, minlength=n_items)
