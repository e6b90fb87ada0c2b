"""From a query to a slate: resolve, build the ladder, fill it under the rules, say why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from recommender.bundle import Bundle
from recommender.config import PlacementConfig
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.errors import ConfigError
from recommender.placements.also_bought import ALSO_BOUGHT
from recommender.placements.asked import Asked, resolve
from recommender.placements.for_you import FOR_YOU
from recommender.placements.new_arrivals import NEW_ARRIVALS
from recommender.placements.placement import Placement, Rung
from recommender.placements.popular import POPULAR
from recommender.placements.query import MAX_K, Query, Slate
from recommender.placements.similar_items import SIMILAR_ITEMS
from recommender.placements.trending import TRENDING
from recommender.ranking import Chosen, Filled, Rules, fill

PLACEMENTS = {
    placement.name: placement for placement in (ALSO_BOUGHT, SIMILAR_ITEMS, FOR_YOU, POPULAR, TRENDING, NEW_ARRIVALS)
}

FALLBACK_TEXTS = {
    "unknown_item": "The model does not know this item",
    "unknown_user": "The model does not know this user",
    "unknown_session": "The model does not know this session",
    "no_history": "There is no history to go by",
    "few_candidates": "The placement's own source has no more items that may be shown",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a placement chose, and under which rules, before a word is said about it."""

    placement: Placement
    asked: Asked
    ladder: list[Rung]
    rules: Rules
    filled: Filled

    @property
    def items(self) -> list[int]:
        """The items of the slate, best first."""
        return [one.item for one in self.filled.chosen]

    @property
    def own(self) -> int:
        """How many of them, the first ones, are the placement's own answer and no fallback."""
        return sum(not self.ladder[one.rung].fallback for one in self.filled.chosen)

    def source_of(self, one: Chosen) -> str:
        """Return what a slate gives as the source of an item."""
        return self.ladder[one.rung].sources_of([one])[0]

    @property
    def by_rung(self) -> list[tuple[Rung, list[Chosen]]]:
        """The steps of the ladder that contributed, each with its items."""
        groups = groupby(self.filled.chosen, key=lambda one: one.rung)
        return [(self.ladder[position], list(group)) for position, group in groups]

    def rows(self, bundle: Bundle) -> list[tuple[str, int, float, str]]:
        """Return item id, rank, score and source of each place, as the slate shows them."""
        sources = (source for rung, chosen in self.by_rung for source in rung.sources_of(chosen))
        return [
            (bundle.items.id_of(one.item), rank, round(one.score, 4), source)
            for rank, (one, source) in enumerate(zip(self.filled.chosen, sources, strict=True), start=1)
        ]


def recommend(bundle: Bundle, query: Query, recent: Recent = NOTHING_RECENT) -> Slate:
    """Answer a query from a bundle; `recent` is what its user and session did after the bundle's data ends.

    Raises
    ------
    ConfigError
        If the placement is unknown, k is out of bounds, min_price is above max_price, or the items are more or fewer
        than the placement takes.
    UnknownIdError
        If the query is strict and names an id the bundle does not know.
    """
    choice = choose(bundle, query, recent=recent)
    return Slate(
        rec_id=_rec_id(bundle, query, choice),
        placement=choice.placement.name,
        model_version=bundle.version,
        items=_describe(bundle, choice),
        shortfall=query.k - len(choice.filled.chosen),
        dropped=dict(choice.filled.dropped),
        fallback=fallback(choice, query.k),
    )


def choose(bundle: Bundle, query: Query, *, depth: int | None = None, recent: Recent = NOTHING_RECENT) -> Choice:
    """Return what `recommend` answers, as dense integers and without reasons, which take half of its time.

    `depth` asks for that many items instead of the query's k.

    Raises
    ------
    ConfigError, UnknownIdError
        As `recommend`.
    """
    placement = placement_of(query)
    asked = resolve(bundle, query, recent)
    ladder = placement.ladder(bundle, asked)
    rules = rules_of(bundle, query, asked, placement)
    filled = fill([rung.source for rung in ladder], depth or query.k, rules)
    return Choice(placement, asked, ladder, rules, filled)


def placement_of(query: Query) -> Placement:
    """Return the placement a query is for; raises ConfigError where the query is not one that it takes."""
    placement = PLACEMENTS.get(query.placement)
    if placement is None:
        raise ConfigError(f"placement {query.placement!r} is unknown; there are: {', '.join(PLACEMENTS)}")
    if not 1 <= query.k <= MAX_K:
        raise ConfigError(f"k = {query.k}: must be from 1 to {MAX_K}")
    if placement.anchor == "item" and len(query.item_ids) != 1:
        raise ConfigError(f"{placement.name} needs exactly one item_id, got {len(query.item_ids)}")
    if placement.anchor is None and query.item_ids:
        raise ConfigError(f"{placement.name} takes no item_id, got {len(query.item_ids)}")
    if query.min_price is not None and query.max_price is not None and query.min_price > query.max_price:
        raise ConfigError(f"min_price {query.min_price:g} must not be above max_price {query.max_price:g}")
    return placement


def rules_of(bundle: Bundle, query: Query, asked: Asked, placement: Placement) -> Rules:
    """Return what may not stand in the answer to a query."""
    config: PlacementConfig = getattr(bundle.config.placements, placement.name.replace("-", "_"))
    return Rules(
        catalogue=bundle.catalogue,
        anchors=asked.anchors,
        owned=asked.history[asked.owned] if config.exclude_owned or config.exclude_seen else asked.history[:0],
        seen=asked.history[~asked.owned] if config.exclude_seen else asked.history[:0],
        excluded=bundle.items.indices_of(query.exclude),
        in_stock_only=config.in_stock_only,
        one_per_group=config.one_per_group,
        category=query.category,
        min_price=query.min_price,
        max_price=query.max_price,
    )


def fallback(choice: Choice, k: int) -> dict[str, str] | None:
    """Return why the placement's own sources did not fill a slate of `k`, None where they did."""
    placement, asked, own = choice.placement, choice.asked, choice.own
    if own == k:
        return None
    asked_with = len(asked.anchors) + (len(asked.history) if placement.anchor == "user" else 0)
    if own or asked_with or placement.anchor is None:
        kind = "few_candidates"
    elif asked.unknown:
        kind = "unknown_" + asked.unknown[0].removesuffix("_id")
    else:
        kind = "no_history"
    return {"type": kind, "text": FALLBACK_TEXTS[kind]}


def _describe(bundle: Bundle, choice: Choice) -> list[dict[str, Any]]:
    reasons = (reason for rung, chosen in choice.by_rung for reason in rung.explain(chosen))
    return [
        {
            "item_id": item_id,
            "rank": rank,
            "score": score,
            "source": source,
            "reason": reason,
            **bundle.catalogue.fields(item),
        }
        for item, (item_id, rank, score, source), reason in zip(choice.items, choice.rows(bundle), reasons, strict=True)
    ]


def _rec_id(bundle: Bundle, query: Query, choice: Choice) -> str:
    """Return a digest of version, query and items, so it names one answer also where the same question gets another."""
    return hashlib.sha256(repr((bundle.version, query, choice.items)).encode()).hexdigest()[:20]
