"""A better one of the same kind: dearer, never cheaper, by the chance that it is taken times what it gains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.fallbacks import best_sellers, similar_factors
from recommender.placements.placement import Placement, Rung
from recommender.ranking import FromAll, FromScores, Only

LEAST_TASTE = 1e-4
OF_ANCHOR = 0.5
"""How much the chance of the item asked about counts beside the shares of all that the user bought of its kind."""


def _ladder(bundle: Bundle, asked: Asked) -> list[Rung]:
    if len(asked.anchors) == 0:
        return [best_sellers(bundle)]
    anchor, config = int(asked.anchors[0]), bundle.config.models.up_sell
    own = Rung("trade_up", FromAll.scored(_scores(bundle, asked, anchor)), reasons.step_up(bundle, anchor))
    paths = _paths(bundle, anchor)
    if not np.isfinite(bundle.trade_ups.price[anchor]) or not paths:
        return [own]  # nothing is known to be dearer, or to serve the same need
    in_band = bundle.trade_ups.dearer(anchor, config.low, config.high)
    dearer = bundle.trade_ups.dearer(anchor, config.low, np.inf)
    similar = similar_factors(bundle, anchor, fallback=True)
    related = bundle.catalogue.in_category(paths[:2][-1])
    return [
        own,
        *_best_of(bundle, paths[:1], in_band),
        Rung(similar.name, Only(similar.source, in_band & related), similar.explain, fallback=True),
        *_best_of(bundle, paths, dearer),
        Rung("popular", Only(FromScores(bundle.popular), dearer), reasons.popular(bundle), fallback=True),
    ]


def _scores(bundle: Bundle, asked: Asked, anchor: int) -> NDArray[np.float32]:
    """Return chance * (what it costs more, as a share of the price) ^ gain_weight, shape (I,).

    What the user bought before is no step up.
    """
    config, model = bundle.config.models.up_sell, bundle.trade_ups
    row = model.row(anchor)
    new = ~np.isin(model.items[row], asked.history[asked.owned])
    items, chance = model.items[row][new], model.chance[row][new]
    gain = np.minimum(model.price[items] / model.price[anchor] - 1, 1)
    scores = np.zeros(len(bundle.items), dtype=np.float32)
    if len(items):
        scores[items] = _for_user(bundle, asked, items, chance) * gain**config.gain_weight
    return scores


def _for_user(
    bundle: Bundle, asked: Asked, items: NDArray[np.int32], chance: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the chance of candidates, shape (n,), as the user's history changes it; without one it stays as it is.

    It becomes sum_i share(i -> j) + 0.5 * (chance_j + taste_weight * taste_j): i are the items of the category that the
    user bought, share(i -> j) says what their buyers lately bought, and taste_j is the share of j in what the user's
    factors say of all candidates. What costs more than the user ever paid in the category is held back by the ratio.
    """
    if not len(asked.history):
        return chance
    user_factors = bundle.als.fold_in_one(asked.history, asked.values)
    liked = np.maximum(bundle.als.item_factors[items] @ user_factors, LEAST_TASTE)
    taste = bundle.config.models.up_sell.taste_weight * liked / liked.sum()
    bought = asked.history[asked.owned]
    alike = bought[bundle.catalogue.category[bought] == bundle.catalogue.category[items[0]]]
    shares, _ = bundle.bought_within.summed(alike, np.ones(len(alike), dtype=np.float32))
    likely = shares[items] + OF_ANCHOR * (chance + taste)
    paid = bundle.trade_ups.price[alike]
    if np.isfinite(paid).any():
        likely *= np.minimum(1, np.nanmax(paid) / bundle.trade_ups.price[items])
    return np.asarray(likely, dtype=np.float32)


def _paths(bundle: Bundle, anchor: int) -> list[str]:
    """Return the category of an item and those above it, the narrowest first."""
    code = int(bundle.catalogue.category[anchor])
    parts = bundle.catalogue.categories[code].split(" > ") if code >= 0 else []
    return [" > ".join(parts[:depth]) for depth in range(len(parts), 0, -1)]


def _best_of(bundle: Bundle, paths: list[str], dearer: NDArray[np.bool_]) -> list[Rung]:
    """Return the best sellers among dearer items of each category."""
    return [
        Rung(
            "popular_in_category",
            Only(FromScores(bundle.popular), dearer & bundle.catalogue.in_category(path)),
            reasons.popular(bundle, path.rsplit(" > ", 1)[-1]),
            fallback=True,
        )
        for path in paths
    ]


UP_SELL = Placement("up-sell", "A better one of the same kind", "item", _ladder)
