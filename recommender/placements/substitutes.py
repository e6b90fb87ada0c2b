"""Which items take the place of those in a basket, and of each other, as customers buy them.

Two items of one category are substitutes where the category's customers put fewer of its items into one basket than
chance lets expect (`recommender.models.chance`): one kind of milk, but several yoghurts. A pair that enough customers
bought speaks for itself. `complements_only` takes the category for the verdict instead, unless a pair stands out of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.models import PAIR
from recommender.placements.pair_rungs import KeptPairs
from recommender.ranking import Cap

RULE = "substitute"
BY_CHANCE = 1.0
RARELY_TOGETHER = 0.5
"""Items of different categories are substitutes where they share a basket less than half as often as by chance."""
STANDS_OUT = 1.5
"""How far above the ratio of its category's other pairs that of a pair must lie to be complements against it."""


@dataclass(frozen=True, slots=True)
class Substitutes:
    """The substitutes of a basket; `strict` is `complements_only`."""

    bundle: Bundle
    basket: NDArray[np.int32]
    strict: bool

    def mask(self) -> NDArray[np.bool_]:
        """Return which items, shape (I,), are substitutes of an item of the basket."""
        category, ratio = self.bundle.catalogue.category, self.bundle.pair_facts.category_ratio
        codes = np.unique(category[self.basket])
        codes = codes[codes >= 0]
        banned = codes if self.strict else codes[ratio[codes] < BY_CHANCE]
        struck = np.isin(category, banned)
        spoken_for, against = self._pairs()
        struck[spoken_for] = False
        struck[against] = True
        return struck

    def cap(self) -> Cap:
        """Return the limit of one item of each category whose items are substitutes of each other."""
        category, ratio = self.bundle.catalogue.category, self.bundle.pair_facts.category_ratio
        if not len(ratio):
            return Cap(RULE, category, 1)
        exclusive = (category >= 0) & (self.strict | (ratio[category] < BY_CHANCE))
        return Cap(RULE, np.where(exclusive, category, -1).astype(np.int32), 1)

    def _pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the items that are complements, and those that are substitutes, by what their own pair says.

        It is no substitute where all who bought both did so at once: customers who come once say nothing of it.
        """
        facts, category = self.bundle.pair_facts, self.bundle.catalogue.category
        kept = KeptPairs.of(self.bundle, np.unique(self.basket))
        counted = facts.ground[kept.entry] == PAIR
        anchor, item, ratio = kept.anchor[counted], kept.item[counted], facts.ratio[kept.entry[counted]]
        both, together = self.bundle.co_purchase.support[kept.entry[counted]], facts.together[kept.entry[counted]]
        same = (category[anchor] == category[item]) & (category[item] >= 0)
        usual = facts.usual[kept.entry[counted]]
        enough = together >= self.bundle.config.models.co_purchase.min_support
        outstanding = (ratio > BY_CHANCE) & enough & ((ratio > STANDS_OUT * usual) | (not self.strict))
        apart = (ratio < np.where(same, BY_CHANCE, RARELY_TOGETHER)) & (together < both)
        against = item[apart]
        return np.setdiff1d(item[same & outstanding], against), against
