"""Trending: what more customers buy this week than the weeks before let expect."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Placement, Rung
from recommender.ranking import FromScores


def _ladder(bundle: Bundle, _: Asked) -> list[Rung]:
    return [Rung("trending", FromScores(bundle.trending), reasons.rising(bundle)), best_sellers(bundle)]


TRENDING = Placement("trending", "Trending", None, _ladder)
