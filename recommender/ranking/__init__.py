"""From candidates to an ordered list: sources over the fitted shapes, rules, filling down a fallback ladder.

Pure functions on arrays of dense item numbers; nothing here knows a bundle, a placement's name or a raw id.
Placements use it, nobody else needs to.
"""

from recommender.ranking.candidates import (
    Candidates,
    FromCategory,
    FromIndex,
    FromNeighbours,
    FromScores,
    FromSimilarity,
    Source,
)
from recommender.ranking.fill import Chosen, Filled, fill
from recommender.ranking.rules import Rules

__all__ = [
    "Candidates",
    "Chosen",
    "Filled",
    "FromCategory",
    "FromIndex",
    "FromNeighbours",
    "FromScores",
    "FromSimilarity",
    "Rules",
    "Source",
    "fill",
]
