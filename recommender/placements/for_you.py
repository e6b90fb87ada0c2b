"""For you: the history, folded in to user factors, against all item factors, plus a share of popularity.

A known user, a session and an anonymous list of items take one path; nobody's factors are stored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.models import for_you_query
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Contribution, Placement, Reason, Rung
from recommender.ranking import Chosen, FromIndex


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    history, values, owned = _whole_history(asked)
    if not bundle.als.item_factors[history].any():
        return [best_sellers(bundle)]
    weight = bundle.config.blend.popularity
    listed = bundle.catalogue.servable[history]

    def explain(chosen: list[Chosen]) -> list[Reason]:
        wanted = np.array([one.item for one in chosen], dtype=np.int32)
        taste = _taste(bundle, history, values, wanted)
        nameable = np.where(listed, taste, -np.inf)
        strongest = nameable.argmax(axis=1)
        by_taste = (taste.sum(axis=1) >= weight * bundle.popular.scores[wanted]) & (nameable.max(axis=1) > 0)
        counted = [replace(one, support=int(bundle.popular.support[one.item])) for one in chosen]
        return [
            _because(bundle, int(history[place]), bool(owned[place])) if because else popular
            for because, place, popular in zip(by_taste, strongest, reasons.popular(bundle)(counted), strict=True)
        ]

    query = for_you_query(bundle.als.fold_in_one(history, values), weight)
    return [Rung("als", FromIndex(bundle.for_you_index, query), explain), best_sellers(bundle)]


def _contributions(bundle: Bundle, asked: Asked, item: int) -> list[Contribution]:
    """Return what the score of an item is the sum of, the largest part first; nothing for an item without factors."""
    history, values, _ = _whole_history(asked)
    if not bundle.als.item_factors[item].any() or not bundle.als.item_factors[history].any():
        return []
    taste = _taste(bundle, history, values, np.array([item], dtype=np.int32))[0].tolist()
    parts = [Contribution("als", score, anchor) for score, anchor in zip(taste, history.tolist(), strict=True)]
    parts.append(Contribution("popularity", bundle.config.blend.popularity * float(bundle.popular.scores[item])))
    return sorted((part for part in parts if part.score), key=lambda part: -part.score)


def _taste(
    bundle: Bundle, history: NDArray[np.int32], values: NDArray[np.float32], items: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return what each item of a history, shape (n,), adds to the score of some items, shape (k,): (k, n)."""
    return bundle.als.normal_equations(history, values).contributions(bundle.als.item_factors[items])


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


FOR_YOU = Placement("for-you", "For you", "user", _ladder, _contributions)
