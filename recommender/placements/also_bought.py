"""Customers who bought this also bought: pairs, behind them similar factors and the category's best."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers, category_best, similar_factors, with_category
from recommender.placements.pair_rungs import with_item
from recommender.placements.placement import Placement, Rung


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    if len(asked.anchors) == 0:
        return [best_sellers(bundle)]
    anchor = int(asked.anchors[0])
    return [
        with_item(bundle, anchor),
        similar_factors(bundle, anchor, fallback=True),
        *with_category(bundle, anchor),
        *category_best(bundle, anchor),
        best_sellers(bundle),
    ]


ALSO_BOUGHT = Placement("also-bought", "Customers who bought this also bought", "item", _ladder)
