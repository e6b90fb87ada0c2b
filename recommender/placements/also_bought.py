"""Customers who bought this also bought: pairs of one order, behind them what goes with the category."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers, category_best, similar_factors, with_category
from recommender.placements.placement import Placement, Rung
from recommender.ranking import FromSimilarity


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    if len(asked.anchors) == 0:
        return [best_sellers(bundle)]
    anchor = int(asked.anchors[0])
    together = Rung("co_purchase", FromSimilarity(bundle.co_purchase, anchor), reasons.bought_together(bundle, anchor))
    return [
        together,
        *with_category(bundle, anchor),
        similar_factors(bundle, anchor, fallback=True),
        *category_best(bundle, anchor),
        best_sellers(bundle),
    ]


ALSO_BOUGHT = Placement("also-bought", "Customers who bought this also bought", "item", _ladder)
