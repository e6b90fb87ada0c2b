"""Buy it again: what the user is likely to need soon; behind it other past items, then best sellers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Placement, Rung
from recommender.ranking import FromAll

LEAST = 1e-4
"""What an item without a known cycle scores at most: it stands behind those with one."""


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    probability = _probabilities(bundle, asked)
    due = probability >= max(bundle.config.models.repurchase.min_probability, LEAST)
    explain = reasons.bought_again(bundle, asked.user)
    past = np.zeros(len(bundle.items), dtype=np.float32)
    past[asked.history] = LEAST * asked.bought / (1 + asked.bought)
    return [
        Rung("repurchase", FromAll.scored(np.where(due, probability, 0)), explain),
        Rung("past_items", FromAll.scored(np.where(due, 0, np.maximum(past, probability))), explain, fallback=True),
        best_sellers(bundle),
    ]


def _probabilities(bundle: Bundle, asked: Asked) -> NDArray[np.float32]:
    """Return the probability of one more purchase by the user within the horizon, shape (I,), 0 where unknown."""
    found = np.zeros(len(bundle.items), dtype=np.float32)
    if asked.user is not None:
        row = bundle.cycles.row(asked.user)
        still_owned = np.isin(bundle.cycles.items[row], asked.history[asked.owned])
        found[bundle.cycles.items[row]] = np.where(still_owned, bundle.cycles.probability[row], 0)
    return found


BUY_AGAIN = Placement("buy-again", "Buy it again", "user", _ladder)
