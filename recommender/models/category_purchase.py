"""What is bought together with a category: the prior of a pair that few bought, or nobody yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import stable_order
from recommender.models.baskets import Baskets, changes
from recommender.models.customer_pairs import LARGEST_KEY, expand
from recommender.models.lookup import Lookup
from recommender.models.pair_blocks import pair_blocks
from recommender.models.similarity_model import SimilarityModel, best_per_row, similarity_of_rows
from recommender.progress import Progress, silent

PAIRS_PER_BLOCK = 4_000_000
SHRINKAGE = 20.0
"""Weight of baskets at which what a category goes with counts as much as what sells anyway."""


@dataclass(frozen=True)
class CategoryPurchase:
    """What the baskets with a category hold, for C categories.

    Attributes
    ----------
    weights : csr, shape (C, I)
        Weight of the baskets that hold the item and another item of the category, where at least `min_support`
        distinct customers stand behind them.
    support : csr, shape (C, I)
        Those customers, in the places of `weights`.
    totals : float64, shape (C,)
        Weight of the baskets with an item of the category.
    own_lift : float64, shape (C,)
        How much more often than its popularity says an item of the category lies beside another one of it.
    popularity : float64, shape (I,)
        Share of all weight that holds the item.
    category : int32, shape (I,)
    most_unsupported : float
        Weight that just fewer than `min_support` baskets can have.
    """

    weights: sp.csr_array
    support: sp.csr_array
    totals: NDArray[np.float64]
    own_lift: NDArray[np.float64]
    popularity: NDArray[np.float64]
    category: NDArray[np.int32]
    most_unsupported: float

    def share(self, category: NDArray[np.int32], item: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return P(item | category), shape (n,); -1 is no category.

        It is shrunk towards the item's popularity, that of the category's own items times their lift. Where too few
        customers stand behind it, it is that prior, at most what they could have made of it.
        """
        if not len(self.totals):
            return self.popularity[item]
        own = (category >= 0) & (category == self.category[item])
        prior = SHRINKAGE * self.popularity[item] * np.where(own, self.own_lift[category], 1)
        known = self._weight_at.at(category, item)
        total = np.where(category >= 0, self.totals[category], 0) + SHRINKAGE
        unsupported = np.minimum(prior / SHRINKAGE, (self.most_unsupported + prior) / total)
        return np.asarray(np.where(known > 0, (known + prior) / total, unsupported))

    def supported(self, category: NDArray[np.int32], item: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return how many customers stand behind (category, item), shape (n,), 0 where too few."""
        return self._support_at.at(category, item)

    @cached_property
    def _weight_at(self) -> Lookup:
        return Lookup.of(self.weights)

    @cached_property
    def _support_at(self) -> Lookup:
        return Lookup.of(self.support)

    def ranked(self, rise: NDArray[np.float64], most: int) -> SimilarityModel:
        """Return the `most` best items of each category by share times rise, shape (I,)."""
        row = np.repeat(np.arange(len(self.totals), dtype=np.int32), np.diff(self.weights.indptr))
        item = self.weights.indices
        score = (self.share(row, item) * rise[item]).astype(np.float32)
        best = best_per_row(row, score, item, most)
        support = self.support.data[best].astype(np.int32)
        return similarity_of_rows(row[best], item[best].astype(np.int32), score[best], support, len(self.totals))


def fit_category_purchase(
    baskets: Baskets,
    weights: NDArray[np.float64],
    category: NDArray[np.int32],
    n_items: int,
    *,
    min_support: int,
    progress: Progress = silent,
) -> CategoryPurchase:
    """Count what is bought together with each category; `category`, shape (I,), holds codes, -1 for none.

    An item goes with its own category where another item of it lies in the basket.
    """
    n_categories = int(category.max(initial=-1)) + 1
    by_basket = baskets.matrix(n_items)
    popularity = np.asarray(by_basket.T @ weights) / max(weights.sum(), 1e-12)
    members = np.flatnonzero(category >= 0)
    belongs = sp.csr_array(
        (np.ones(len(members), dtype=np.float32), (members, category[members])), shape=(n_items, n_categories)
    )
    count_of = (by_basket @ belongs).tocsr()
    holds = count_of.T.tocsr()
    totals = np.asarray((holds > 0).astype(np.float32) @ weights) if n_categories else np.zeros(0)
    of_item = category[baskets.items]
    basket_of = np.repeat(np.arange(len(baskets), dtype=np.int32), baskets.sizes)
    alone = Lookup.of(count_of).at(basket_of, np.maximum(of_item, 0)) == 1
    n_actors = int(baskets.actor.max(initial=0)) + 1

    found, own_lifts = [], [np.zeros(0)]
    most = LARGEST_KEY // max(n_items * n_actors, 1)
    for start, end in pair_blocks(holds, baskets.sizes, PAIRS_PER_BLOCK, most):
        rows, own = _block(holds[start:end], by_basket, baskets, weights, alone, category, start, min_support)
        found.append(rows)
        expected = totals[start:end] * (popularity @ belongs)[start:end]
        own_lifts.append((own + SHRINKAGE * popularity.mean()) / (expected + SHRINKAGE * popularity.mean()))
        progress("fit categories", end, n_categories)
    nothing = np.zeros(0, dtype=np.int64)
    parts = [(nothing, nothing, nothing.astype(float), nothing.astype(float)), *found]
    row, item, weight, support = (np.concatenate(column) for column in zip(*parts, strict=True))
    shape = (n_categories, n_items)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_categories))])
    return CategoryPurchase(
        sp.csr_array((weight, item, indptr), shape=shape),
        sp.csr_array((support, item, indptr), shape=shape),
        totals,
        np.concatenate(own_lifts),
        popularity,
        category,
        float(min_support * weights.mean()) if len(weights) else 0.0,
    )


Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def _block(
    holds: sp.csr_array,
    by_basket: sp.csr_array,
    baskets: Baskets,
    weights: NDArray[np.float64],
    alone: NDArray[np.bool_],
    category: NDArray[np.int32],
    first: int,
    min_support: int,
) -> tuple[Found, NDArray[np.float64]]:
    """Return the pairs of some categories, ascending, and the weight of all pairs within each."""
    n_items, n_actors = len(category), int(baskets.actor.max(initial=0)) + 1
    basket, row, entry = expand(holds, by_basket)
    item = by_basket.indices[entry].astype(np.int64)
    other = ~(alone[entry] & (category[item] == row + first))
    basket, row, item = basket[other], row[other], item[other]
    key = (row * n_items + item) * n_actors + baskets.actor[basket]
    order = stable_order(key)
    key, row, item, weight = key[order], row[order], item[order], weights[basket[order]]
    new_pair = np.flatnonzero(changes(row) | changes(item))
    if not len(new_pair):
        nothing = np.zeros(0, dtype=np.int64)
        return (nothing, nothing, weight, weight), np.zeros(holds.shape[0])
    within = category[item] == row + first
    own = np.bincount(row[within], weight[within], minlength=holds.shape[0])
    support = np.add.reduceat(changes(key).astype(np.int64), new_pair)
    total = np.add.reduceat(weight, new_pair)
    enough = support >= min_support
    kept = new_pair[enough]
    rows = row[kept] + first, item[kept], total[enough], support[enough].astype(np.float64)
    return rows, np.asarray(own, dtype=np.float64)
