"""New arrivals: created, or else first sold, a short while ago; the newest first."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Placement, Rung
from recommender.ranking import FromScores


def _ladder(bundle: Bundle, _: Asked) -> list[Rung]:
    return [Rung("new_arrivals", FromScores(bundle.new_arrivals), reasons.new), best_sellers(bundle)]


NEW_ARRIVALS = Placement("new-arrivals", "New arrivals", None, _ladder)
