"""The rung of what is bought together with one item or a basket: where each item comes from, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.models import CATEGORY, FACTORS, PAIR
from recommender.placements import reasons
from recommender.placements.placement import Contribution, Reason, Rung
from recommender.ranking import Chosen, FromAll, FromSimilarity

SOURCES = {PAIR: "co_purchase", CATEGORY: "category_purchase", FACTORS: "basket_factors"}


@dataclass(frozen=True)
class KeptPairs:
    """The pairs that the model keeps of some anchors: which anchor, which entry, and the item, each of shape (n,)."""

    bundle: Bundle
    n_anchors: int
    anchor: NDArray[np.int32]
    entry: NDArray[np.int64]
    item: NDArray[np.int32]

    @classmethod
    def of(cls, bundle: Bundle, anchors: NDArray[np.int32]) -> KeptPairs:
        """Take the pairs of the anchors, each of which is named once."""
        whose, entry = bundle.co_purchase.entries(anchors)
        return cls(bundle, len(anchors), anchors[whose], entry, bundle.co_purchase.neighbours[entry])

    def best(self, item: int) -> int | None:
        """Return the place of the pair that says most of an item, one of counted customers before others."""
        return self._best.get(item)

    @cached_property
    def _best(self) -> dict[int, int]:
        """The place of `best`, by item."""
        counted = self.bundle.pair_facts.ground[self.entry] == PAIR
        order = np.lexsort((self.bundle.co_purchase.scores[self.entry], counted))
        return dict(zip(self.item[order].tolist(), order.tolist(), strict=True))  # the last of an item stays

    def sources(self, items: NDArray[np.int32]) -> list[str]:
        """Return what the answer gives as the source of each item."""
        return [SOURCES[self._ground(self._place(item))] for item in items.tolist()]

    def explain(self, chosen: list[Chosen]) -> list[Reason]:
        """Return why each item is there, with the anchor that says most of it."""
        return [self._reason(self._place(one.item)) for one in chosen]

    def contributions(self, item: int) -> list[Contribution]:
        """Return what each anchor adds to the mean score of an item, the largest first."""
        parts = [
            Contribution(
                SOURCES[self._ground(place)],
                float(self.bundle.co_purchase.scores[self.entry[place]]) / self.n_anchors,
                int(self.anchor[place]),
            )
            for place in np.flatnonzero(self.item == item).tolist()
        ]
        return sorted(parts, key=lambda part: -part.score)

    def _place(self, item: int) -> int:
        place = self.best(item)
        if place is None:
            raise KeyError(item)
        return place

    def _ground(self, place: int) -> int:
        return int(self.bundle.pair_facts.ground[self.entry[place]])

    def _reason(self, place: int) -> Reason:
        bundle, anchor = self.bundle, int(self.anchor[place])
        support = int(bundle.co_purchase.support[self.entry[place]])
        ground = self._ground(place)
        if ground == PAIR:
            return reasons.bought_together(bundle, anchor, support, of_several=self.n_anchors > 1)
        if ground == CATEGORY:
            return reasons.bought_with_category(bundle, int(bundle.catalogue.category[anchor]), support)
        return reasons.in_same_baskets(bundle, anchor)


def with_item(bundle: Bundle, anchor: int) -> Rung:
    """What is bought together with one item."""
    kept = KeptPairs.of(bundle, np.array([anchor], dtype=np.int32))
    return Rung("co_purchase", FromSimilarity(bundle.co_purchase, anchor), kept.explain, sources=kept.sources)


def with_basket(bundle: Bundle, basket: NDArray[np.int32]) -> Rung:
    """What is bought together with a basket: the mean over its items of what is bought with each."""
    kept = KeptPairs.of(bundle, basket)
    weights = np.full(len(basket), 1 / len(basket), dtype=np.float32)
    source = FromAll(*bundle.co_purchase.summed(basket, weights))
    return Rung("co_purchase", source, kept.explain, sources=kept.sources)
