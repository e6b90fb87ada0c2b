"""For you: what the factors, the neighbours of the history and the shop's best sellers say, added up.

A known user, a session and an anonymous list of items take one path; nobody's factors are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import NO_TIME
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import SimilarityModel
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers
from recommender.placements.placement import Contribution, Placement, Reason, Rung
from recommender.placements.wording import Said
from recommender.ranking import Blend, Chosen, FromAll, FromFactors, FromScores, Part, Scorer, among


@dataclass(frozen=True, slots=True)
class History:
    """Distinct items of a user, a session or a list, each of shape (n,).

    `values` are summed event values, `bought` the days on which it was bought, older ones counting less, `latest` tells
    what belongs to the last day there is: all of it where there are no times, `hidden` what the user has and is not
    shown yet.
    """

    items: NDArray[np.int32]
    values: NDArray[np.float32]
    bought: NDArray[np.float32]
    latest: NDArray[np.bool_]
    hidden: NDArray[np.bool_]

    @property
    def owned(self) -> NDArray[np.bool_]:
        """Which items were bought, shape (n,)."""
        return self.bought > 0


def history_of(asked: Asked) -> History:
    """Return the history of a query; user, session and list may name an item twice. Listed items are the latest."""
    given = np.ones(len(asked.anchors), dtype=np.float32)
    items, place = np.unique(np.concatenate([asked.history, asked.anchors]), return_inverse=True)
    values = np.bincount(place, np.concatenate([asked.values, given]), minlength=len(items))
    last_day = asked.last_time > int(asked.last_time.max(initial=NO_TIME)) - SECONDS_PER_DAY
    latest = asked.anchors if len(asked.anchors) else asked.history[last_day]
    bought = np.bincount(place[: len(asked.history)], asked.bought, minlength=len(items))
    return History(
        items,
        values.astype(np.float32),
        bought.astype(np.float32),
        among(items, latest),
        among(items, asked.hidden),
    )


def blend_of(bundle: Bundle, history: History) -> Blend:
    """Return the sources of for-you for a history, those of weight 0 left out."""
    weights, rules = bundle.config.blend, bundle.config.placements.for_you
    items, values = history.items, history.values
    latest = items[history.latest]
    parts: dict[str, Callable[[], Scorer]] = {
        "als": lambda: FromFactors(bundle.als_index, bundle.als, bundle.als.fold_in_one(items, values)),
        "item_knn": lambda: FromAll(*bundle.item_knn.summed(items, values)),
        "ease": lambda: FromAll(*bundle.ease.summed(items, values)),
        "co_purchase": lambda: FromAll(*bundle.co_purchase.summed(latest, np.ones(len(latest), dtype=np.float32))),
        "popular": lambda: FromScores(bundle.popular),
    }
    if not (rules.exclude_owned or rules.exclude_seen):
        parts["own"] = lambda: _own(bundle, history)
    hidden = items if rules.exclude_seen else items[history.hidden & rules.exclude_owned]
    return Blend([Part(name, w, part(), hidden) for name, part in parts.items() if (w := getattr(weights, name)) > 0])


def _own(bundle: Bundle, history: History) -> FromAll:
    """Return what was bought by ln(1 + days on which it was): the tenth purchase says less than the second.

    Items of too few users to be trained on have no factors and are no candidates.
    """
    own = history.owned & bundle.als.item_factors[history.items].any(axis=1)
    scores = np.zeros(len(bundle.items), dtype=np.float32)
    scores[history.items[own]] = np.log1p(history.bought[own])
    return FromAll(scores, history.items[own])


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    history = history_of(asked)
    blend = blend_of(bundle, history)
    others = [part for part in blend.parts if part.name != "popular"]
    if not any(part.best > 0 for part in reversed(others)):  # the factors last: to ask them takes a search
        return [best_sellers(bundle)]

    @lru_cache(1)
    def sources_of(items: tuple[int, ...]) -> list[str]:
        return blend.sources(np.array(items, dtype=np.int32))

    def explain(chosen: list[Chosen]) -> list[Reason]:
        items = tuple(one.item for one in chosen)
        sources = sources_of(items)
        anchors = _anchors(bundle, history, np.array(items, dtype=np.int32), sources)
        popular = reasons.popular(bundle)
        return [
            popular([replace(one, support=int(bundle.popular.support[one.item]))])[0]
            if anchor < 0
            else _because(bundle, history, anchor, source)
            for one, anchor, source in zip(chosen, anchors, sources, strict=True)
        ]

    return [
        Rung("blend", blend, explain, sources=lambda items: sources_of(tuple(items.tolist()))),
        best_sellers(bundle),
    ]


def _contributions(bundle: Bundle, asked: Asked, item: int) -> list[Contribution]:
    """Return what the score of an item is the sum of, the largest part first: sources, and what they go back to."""
    history, wanted = history_of(asked), np.array([item], dtype=np.int32)
    if not len(history.items):
        return []
    blend = blend_of(bundle, history)
    parts = []
    for part, share in zip(blend.parts, blend.shares(wanted)[:, 0].tolist(), strict=True):
        of_anchors = _shares(bundle, history, wanted, part.name)[0]
        if share <= 0 or not of_anchors.any():
            parts.append(Contribution(part.name, share))
            continue
        of_anchors *= share / of_anchors.sum()
        parts += [
            Contribution(part.name, score, anchor)
            for score, anchor in zip(of_anchors.tolist(), history.items.tolist(), strict=True)
        ]
    return sorted((part for part in parts if part.score), key=lambda part: -abs(part.score))


def _anchors(bundle: Bundle, history: History, items: NDArray[np.int32], sources: list[str]) -> list[int]:
    """Return, for each item, the place in the history that did most for it in its source, -1 where none did."""
    listed = bundle.catalogue.servable[history.items]
    anchors = np.full(len(items), -1)
    for source in set(sources):
        places = np.flatnonzero([one == source for one in sources])
        shares = np.where(listed, _shares(bundle, history, items[places], source), 0)
        anchors[places] = np.where(shares.max(axis=1) > 0, shares.argmax(axis=1), -1)
    return [int(place) for place in anchors]


def _shares(bundle: Bundle, history: History, items: NDArray[np.int32], source: str) -> NDArray[np.float64]:
    """Return what each item of the history adds to the score of each of the items in a source, shape (n, history)."""
    match source:
        case "als":
            equations = bundle.als.normal_equations(history.items, history.values)
            return equations.contributions(bundle.als.item_factors[items])
        case "item_knn":
            return _similarity_shares(bundle.item_knn, history.items, history.values, items)
        case "ease":
            return _similarity_shares(bundle.ease, history.items, history.values, items)
        case "co_purchase":
            return _similarity_shares(bundle.co_purchase, history.items, history.latest.astype(np.float32), items)
        case "own":
            return np.equal.outer(items, history.items).astype(np.float64)
    return np.zeros((len(items), len(history.items)))


def _similarity_shares(
    model: SimilarityModel, anchors: NDArray[np.int32], weights: NDArray[np.float32], items: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return weight * similarity of each of the items to each anchor, shape (items, anchors)."""
    whose, entries = model.entries(anchors)
    neighbours, scores = model.neighbours[entries], model.scores[entries] * weights[whose]
    shares = np.zeros((len(items), len(anchors)))
    for row, item in enumerate(items.tolist()):
        found = neighbours == item
        shares[row, whose[found]] = scores[found]
    return shares


def _because(bundle: Bundle, history: History, place: int, source: str) -> Reason:
    item, owned = int(history.items[place]), bool(history.owned[place])
    if source == "own":
        return {"type": "bought_before", "text": Said("bought_before")}
    return {
        "type": "because_of",
        "anchor": bundle.items.id_of(item),
        "text": Said("because_bought" if owned else "because_seen", {"title": reasons.title(bundle, item)}),
    }


FOR_YOU = Placement("for-you", "For you", "user", _ladder, _contributions)
