"""How often two items would share a basket if each customer's purchases fell into that customer's baskets by chance.

What the same customers buy, but in one basket less often than this, takes the other's place: substitutes. What they buy
in one basket more often goes together. Comparing within customers keeps taste out of it: that two people who love
coffee both own a grinder says nothing of whether beans and a grinder are bought together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.models.baskets import Baskets
from recommender.models.shared_owners import Owners

PRIOR_BASKETS = 5.0
"""Expected baskets at which a pair's own data count as much as its category's, and a category's as the shop's."""


@dataclass(frozen=True)
class Chance:
    """Expected baskets with both items of a pair, for S customers of several baskets and one group of all others.

    A customer's n_i baskets with i and n_j with j meet in n_i n_j c of them, c = sum s^2 / (sum s)^2 over the sizes s
    of the baskets: 1 / their number where they are of one size. Customers of one basket form one group together, as if
    they were one customer: each alone tells nothing.

    Attributes
    ----------
    counts : Owners
        n_i of each customer, weighing c.
    pooled : float64, shape (I,)
        Counts of the group, times the square root of its c.
    """

    counts: Owners
    pooled: NDArray[np.float64]

    @classmethod
    def of(cls, baskets: Baskets, n_items: int) -> Chance:
        """Count the baskets of each customer that hold each item."""
        n_actors = int(baskets.actor.max(initial=-1)) + 1
        n_baskets = np.bincount(baskets.actor, minlength=n_actors)
        stratum = np.where(n_baskets >= 2, np.cumsum(n_baskets >= 2) - 1, np.count_nonzero(n_baskets >= 2))
        group = stratum[baskets.actor]
        n_strata = int(np.count_nonzero(n_baskets >= 2)) + 1
        members = sp.csr_array(
            (np.ones(len(baskets), dtype=np.float32), (group, np.arange(len(baskets)))), shape=(n_strata, len(baskets))
        )
        counts = (members @ baskets.matrix(n_items)).tocsr()
        sizes = baskets.sizes.astype(np.float64)
        total = np.bincount(group, sizes, minlength=n_strata)
        c = np.bincount(group, sizes**2, minlength=n_strata) / np.maximum(total, 1) ** 2
        pooled = np.asarray(counts[[-1]].toarray()[0] * np.sqrt(c[-1]), dtype=np.float64)
        return cls(Owners.of(counts[:-1], c[:-1]), pooled)

    def of_items(self, start: int, end: int, keys: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the expected baskets of pairs, shape (n,), `keys` being (item - start) * I + other, by item."""
        _, own = self.counts.at(start, end, keys)
        item, other = np.divmod(keys, len(self.pooled))
        return np.asarray(own + self.pooled[item + start] * self.pooled[other])

    def within_categories(self, category: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the expected pairs of different items of each category, shape (C,)."""
        belongs = membership(category)
        by_item, by_customer = self.counts.by_item, self.counts.by_owner
        both = np.asarray(((by_item.T @ belongs).multiply(by_customer @ belongs)).sum(axis=0)).ravel()
        same = np.asarray(by_item.multiply(by_customer.T).sum(axis=1)).ravel() @ belongs
        pooled = (self.pooled @ belongs) ** 2 - (self.pooled**2) @ belongs
        return np.asarray(both - same + pooled)


def membership(category: NDArray[np.int32]) -> sp.csr_array:
    """Return which item lies in which category as ones, shape (I, C)."""
    members = np.flatnonzero(category >= 0)
    shape = (len(category), int(category.max(initial=-1)) + 1)
    return sp.csr_array((np.ones(len(members), dtype=np.float32), (members, category[members])), shape=shape)


@dataclass(frozen=True)
class WithinCategories:
    """Ordered pairs of different items of each category that share a basket: how many, and by chance, shape (C,)."""

    found: NDArray[np.float64]
    expected: NDArray[np.float64]

    @classmethod
    def of(cls, baskets: Baskets, chance: Chance, category: NDArray[np.int32]) -> WithinCategories:
        """Count the pairs of each category."""
        counts = (baskets.matrix(len(category)) @ membership(category)).tocsr()
        found = np.asarray((counts.multiply(counts) - counts).sum(axis=0)).ravel()
        return cls(found, chance.within_categories(category))

    @property
    def ratios(self) -> NDArray[np.float32]:
        """How much more often than by chance two items of each category share a basket, shape (C,)."""
        every = np.arange(len(self.found))
        return self.without(every, np.zeros(len(every)), np.zeros(len(every)))

    def without(
        self, category: NDArray[np.integer], together: NDArray[np.float64], expected: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the same, shape (n,), of all pairs of a category but one, shrunk towards all categories together."""
        shop = (self.found.sum() + PRIOR_BASKETS) / (self.expected.sum() + PRIOR_BASKETS)
        others, by_chance = self.found[category] - 2 * together, self.expected[category] - 2 * expected
        ratio = (others + PRIOR_BASKETS * shop) / (np.maximum(by_chance, 0) + PRIOR_BASKETS)
        return np.asarray(ratio, dtype=np.float32)


def pair_ratios(
    together: NDArray[np.float64], expected: NDArray[np.float64], prior: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how much more often than by chance pairs share a basket, shape (n,), shrunk towards a prior ratio."""
    return np.asarray((together + PRIOR_BASKETS * prior) / (expected + PRIOR_BASKETS), dtype=np.float32)
