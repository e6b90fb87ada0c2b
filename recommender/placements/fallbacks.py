"""Rungs that several placements share."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.placement import Rung
from recommender.ranking import FromCategory, FromIndex, FromNeighbours, FromScores, FromSimilarity


def similar_factors(bundle: Bundle, anchor: int, *, fallback: bool = False) -> Rung:
    """Items whose factors point the same way as the anchor's."""
    search = FromIndex(bundle.similar_index, bundle.als.item_factors[anchor])
    source = FromNeighbours(FromSimilarity(bundle.similar, anchor), search)
    return Rung("als", source, reasons.similar_to(bundle, anchor), fallback)


def with_category(bundle: Bundle, anchor: int) -> list[Rung]:
    """What is bought together with items of the anchor's category; no rung where it has none."""
    code = int(bundle.catalogue.category[anchor])
    if code < 0:
        return []
    source = FromSimilarity(bundle.category_purchase, code)
    return [Rung("category_purchase", source, reasons.with_category(bundle, code), fallback=True)]


def category_best(bundle: Bundle, anchor: int) -> list[Rung]:
    """Best sellers of the anchor's category; no rung where it has none."""
    code = int(bundle.catalogue.category[anchor])
    if code < 0:
        return []
    source = FromCategory(bundle.popular, bundle.catalogue.category, code)
    name = reasons.category_name(bundle, code)
    return [Rung("popular_in_category", source, reasons.popular(bundle, name), fallback=True)]


def best_sellers(bundle: Bundle, *, fallback: bool = True) -> Rung:
    """Best sellers of the shop: the last rung of every ladder."""
    return Rung("popular", FromScores(bundle.popular), reasons.popular(bundle), fallback)
