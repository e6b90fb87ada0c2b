"""Popular: best sellers, recent ones counting more."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Placement, Rung


def _ladder(bundle: Bundle, _: Asked) -> list[Rung]:
    return [best_sellers(bundle, fallback=False)]


POPULAR = Placement("popular", "Popular", None, _ladder)
