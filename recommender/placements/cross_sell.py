"""Goes with what is in your basket: what the whole basket is bought with, substitutes of it left out."""

from __future__ import annotations

import numpy as np

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers, with_category
from recommender.placements.pair_rungs import KeptPairs, with_basket
from recommender.placements.placement import Contribution, Placement, Rung


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    basket = np.unique(asked.anchors)
    if len(basket) == 0:
        return [best_sellers(bundle)]
    _, first = np.unique(bundle.catalogue.category[basket], return_index=True)
    of_categories = [rung for item in basket[np.sort(first)].tolist() for rung in with_category(bundle, item)]
    return [with_basket(bundle, basket), *of_categories, best_sellers(bundle)]


def _contributions(bundle: Bundle, asked: Asked, item: int) -> list[Contribution]:
    return KeptPairs.of(bundle, np.unique(asked.anchors)).contributions(item)


CROSS_SELL = Placement("cross-sell", "Goes with what is in your basket", "basket", _ladder, _contributions)
