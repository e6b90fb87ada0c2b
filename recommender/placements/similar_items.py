"""More like this: the nearest item factors by cosine, behind them the category's best."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers, category_best, similar_factors
from recommender.placements.placement import Placement, Rung


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    if len(asked.anchors) == 0:
        return [best_sellers(bundle)]
    anchor = int(asked.anchors[0])
    return [similar_factors(bundle, anchor), *category_best(bundle, anchor), best_sellers(bundle)]


SIMILAR_ITEMS = Placement("similar-items", "More like this", "item", _ladder)
