"""For you: the history, folded in to user factors, against all item factors, plus a share of popularity.

A known user, a session and an anonymous list of items take one path; nobody's factors are stored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.models import for_you_query
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Placement, Reason, Rung
from recommender.ranking import FromIndex
from recommender.ranking.fill import Chosen


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    history, values, owned = _whole_history(asked)
    if not bundle.als.item_factors[history].any():
        return [best_sellers(bundle)]
    equations = bundle.als.normal_equations(history, values)
    weight = bundle.config.blend.popularity
    presentable = bundle.catalogue.servable[history]

    def explain(chosen: list[Chosen]) -> list[Reason]:
        wanted = np.array([one.item for one in chosen], dtype=np.int32)
        taste = equations.contributions(bundle.als.item_factors[wanted])
        by_popularity = taste.sum(axis=1) < weight * bundle.popular.scores[wanted]
        strongest = np.where(presentable, taste, -np.inf).argmax(axis=1)
        return [
            reasons.popular(bundle)([one])[0]
            if popular or not presentable.any()
            else _because(bundle, int(history[place]), bool(owned[place]))
            for one, place, popular in zip(chosen, strongest, by_popularity, strict=True)
        ]

    query = for_you_query(equations.user_factors(), weight)
    return [Rung("als", FromIndex(bundle.for_you_index, query), explain), best_sellers(bundle)]


def _whole_history(asked: Asked) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return distinct items, their summed values and ownership: user, session and list may name an item twice."""
    given = np.ones(len(asked.anchors), dtype=np.float32)
    items, place = np.unique(np.concatenate([asked.history, asked.anchors]), return_inverse=True)
    values = np.bincount(place, np.concatenate([asked.values, given]), minlength=len(items))
    return items, values.astype(np.float32), np.isin(items, asked.history[asked.owned])


def _because(bundle: Bundle, anchor: int, owned: bool) -> Reason:
    verb = "bought" if owned else "looked at"
    return {
        "type": "because_of",
        "anchor": bundle.items.id_of(anchor),
        "text": f"Because you {verb} {reasons.title(bundle, anchor)}",
    }


FOR_YOU = Placement("for-you", "For you", "user", _ladder)
