"""From candidates to an ordered list: sources over the fitted shapes, rules, filling down a fallback ladder.

Pure functions on arrays of dense item numbers; nothing here knows a bundle, a placement's name or a raw id.
Placements use it, nobody else needs to.
"""

from recommender.ranking.blend import Blend, Part, Scorer
from recommender.ranking.boost import Boosted, FromPins, at_positions
from recommender.ranking.candidates import (
    Candidates,
    FromAll,
    FromCategory,
    FromFactors,
    FromIndex,
    FromNeighbours,
    FromScores,
    FromSimilarity,
    Only,
    Source,
)
from recommender.ranking.diversity import Diversity
from recommender.ranking.fill import Chosen, Filled, fill
from recommender.ranking.rules import Cap, Rules, among

__all__ = [
    "Blend",
    "Boosted",
    "Candidates",
    "Cap",
    "Chosen",
    "Diversity",
    "Filled",
    "FromAll",
    "FromCategory",
    "FromFactors",
    "FromIndex",
    "FromNeighbours",
    "FromPins",
    "FromScores",
    "FromSimilarity",
    "Only",
    "Part",
    "Rules",
    "Scorer",
    "Source",
    "among",
    "at_positions",
    "fill",
]
