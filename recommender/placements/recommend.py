"""From a query to a slate: resolve, build the ladder, fill it under the rules, say why."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import CrossSellConfig, PlacementConfig
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.errors import QueryError
from recommender.placements import reasons
from recommender.placements.also_bought import ALSO_BOUGHT
from recommender.placements.asked import Asked, resolve
from recommender.placements.buy_again import BUY_AGAIN
from recommender.placements.choice import PINNED, Choice, explanations
from recommender.placements.conditions import caps_of, conditions_of, config_conditions
from recommender.placements.cross_sell import CROSS_SELL
from recommender.placements.fields import shown_fields
from recommender.placements.for_you import FOR_YOU
from recommender.placements.new_arrivals import NEW_ARRIVALS
from recommender.placements.placement import Placement, Rung
from recommender.placements.popular import POPULAR
from recommender.placements.prepared import digest, prepared_slate, rec_id
from recommender.placements.query import MAX_K, Query, Slate
from recommender.placements.shop_rules import InForce, shop_rules
from recommender.placements.similar_items import SIMILAR_ITEMS
from recommender.placements.substitutes import RULE, Substitutes
from recommender.placements.trending import TRENDING
from recommender.placements.up_sell import UP_SELL
from recommender.placements.wording import Said
from recommender.ranking import Boosted, Chosen, Diversity, FromPins, Rules, at_positions, fill

NOBODY: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
NOTHING = InForce()

PLACEMENTS = {
    placement.name: placement
    for placement in (
        ALSO_BOUGHT,
        SIMILAR_ITEMS,
        UP_SELL,
        CROSS_SELL,
        FOR_YOU,
        BUY_AGAIN,
        POPULAR,
        TRENDING,
        NEW_ARRIVALS,
    )
}


def recommend(bundle: Bundle, query: Query, recent: Recent = NOTHING_RECENT, *, now: float | None = None) -> Slate:
    """Answer a query from a bundle; `recent` is what its user and session did after the bundle's data ends.

    `now`, in seconds since 1970, tells which rules of the shop are in force.

    Raises
    ------
    QueryError
        If the placement is unknown, k is out of bounds, min_price is above max_price, the items are more or fewer than
        the placement takes, or a filter or field does not fit the catalogue.
    UnknownIdError
        If the query is strict and names an id the bundle does not know.
    """
    now = time.time() if now is None else now
    ready = prepared_slate(bundle, query, now)
    return slate_of(bundle, query, choose(bundle, query, recent=recent, now=now)) if ready is None else ready


def slate_of(bundle: Bundle, query: Query, choice: Choice) -> Slate:
    """Put a choice into words."""
    items = _describe(bundle, query, choice)
    return Slate(
        rec_id=rec_id(bundle, digest(query, items)),
        placement=choice.placement.name,
        model_version=bundle.version,
        items=items,
        shortfall=query.k - len(choice.filled.chosen),
        dropped=dict(choice.filled.dropped),
        fallback=fallback(bundle, choice, query),
    )


def choose(
    bundle: Bundle,
    query: Query,
    *,
    depth: int | None = None,
    recent: Recent = NOTHING_RECENT,
    now: float | None = None,
    on_page: NDArray[np.int32] = NOBODY,
) -> Choice:
    """Return what `recommend` answers, as dense integers and without reasons, which take half of its time.

    `depth` asks for that many items, by score alone, instead of the query's k; `on_page` names items that the page has
    already.

    Raises
    ------
    QueryError, UnknownIdError
        As `recommend`.
    """
    placement = placement_of(query)
    config = rules_config(bundle, placement)
    in_force = shop_rules(bundle).in_force(placement.name, time.time() if now is None else now)
    asked = resolve(bundle, query, recent)
    k = depth or query.k
    pins = {position: item for position, item in in_force.pins.items() if position <= k}
    ladder = _under_rules(placement.ladder(bundle, asked), in_force, pins)
    rules = rules_of(bundle, query, asked, placement, in_force, on_page)
    diversity = None if depth else _diversity(bundle, query, config)
    filled = fill([rung.source for rung in ladder], k, rules, diversity)
    if pins:
        filled.chosen = _pins_in_place(filled.chosen, pins)
    return Choice(placement, asked, ladder, rules, filled)


def placement_of(query: Query) -> Placement:
    """Return the placement a query is for; raises QueryError where the query is not one that it takes."""
    placement = PLACEMENTS.get(query.placement)
    if placement is None:
        known = ", ".join(PLACEMENTS)
        raise QueryError("placement", f"placement {query.placement!r} is unknown; there are: {known}")
    if not 1 <= query.k <= MAX_K:
        raise QueryError("k", f"k = {query.k}: must be from 1 to {MAX_K}")
    if placement.anchor == "item" and len(query.item_ids) != 1:
        raise QueryError("item_id", f"{placement.name} needs exactly one item_id, got {len(query.item_ids)}")
    if placement.anchor == "basket" and not query.item_ids:
        raise QueryError("item_id", f"{placement.name} needs the item_id of each item of the basket, got none")
    if query.complements_only is not None and placement.anchor != "basket":
        raise QueryError("complements_only", f"{placement.name} takes no complements_only; cross-sell does")
    if placement.anchor is None and query.item_ids:
        raise QueryError("item_id", f"{placement.name} takes no item_id, got {len(query.item_ids)}")
    if query.min_price is not None and query.max_price is not None and query.min_price > query.max_price:
        raise QueryError("min_price", f"min_price {query.min_price:g} must not be above max_price {query.max_price:g}")
    if query.diversity is not None and not 0 <= query.diversity <= 1:
        raise QueryError("diversity", f"diversity = {query.diversity:g}: must be from 0 to 1")
    return placement


def rules_config(bundle: Bundle, placement: Placement) -> PlacementConfig:
    """Return the options of a placement."""
    config: PlacementConfig = getattr(bundle.config.placements, placement.name.replace("-", "_"))
    return config


def rules_of(
    bundle: Bundle,
    query: Query,
    asked: Asked,
    placement: Placement,
    in_force: InForce = NOTHING,
    on_page: NDArray[np.int32] = NOBODY,
) -> Rules:
    """Return what may not stand in the answer to a query."""
    config = rules_config(bundle, placement)
    substitutes = _substitutes(bundle, query, asked, config)
    return Rules(
        catalogue=bundle.catalogue,
        anchors=asked.anchors,
        owned=_owned(asked, config),
        seen=asked.history[~asked.owned] if config.exclude_seen else asked.history[:0],
        excluded=bundle.items.indices_of(query.exclude),
        on_page=on_page,
        conditions=[
            *conditions_of(bundle.catalogue, query),
            *config_conditions(bundle.catalogue, config, asked.anchors),
            *([] if substitutes is None else [(RULE, ~substitutes.mask())]),
            *([] if in_force.excluded is None else [("rule", ~in_force.excluded)]),
        ],
        at_most=[
            *caps_of(bundle.catalogue, config, asked.anchors),
            *([] if substitutes is None else [substitutes.cap()]),
        ],
        in_stock_only=config.in_stock_only,
        one_per_group=config.one_per_group,
    )


def _owned(asked: Asked, config: PlacementConfig) -> NDArray[np.int32]:
    """Return what the rule on owned items strikes out: all purchases, or what the policy of ownership still hides."""
    if config.exclude_seen:
        return np.union1d(asked.history[asked.owned], asked.hidden)
    return asked.hidden if config.exclude_owned else asked.hidden[:0]


def _substitutes(bundle: Bundle, query: Query, asked: Asked, config: PlacementConfig) -> Substitutes | None:
    """Return the substitutes that may not be shown, None where nobody asks."""
    if not isinstance(config, CrossSellConfig) or not len(asked.anchors):
        return None
    wanted = config.complements_only if query.complements_only is None else query.complements_only
    return None if wanted is False else Substitutes(bundle, asked.anchors, strict=wanted is True)


def _under_rules(ladder: list[Rung], in_force: InForce, pins: Mapping[int, int]) -> list[Rung]:
    """Return a ladder with the shop's boosts on every step, and its pins before the first."""
    if in_force.factors is not None:
        ladder = [replace(rung, source=Boosted(rung.source, in_force.factors)) for rung in ladder]
    if not pins:
        return ladder
    items = np.array([pins[position] for position in sorted(pins)], dtype=np.int32)
    return [Rung(PINNED, FromPins(items), reasons.pinned), *ladder]


def _pins_in_place(chosen: list[Chosen], pins: Mapping[int, int]) -> list[Chosen]:
    by_item = {one.item: one for one in chosen if one.rung == 0}
    return at_positions(
        [one for one in chosen if one.rung], {at: by_item[item] for at, item in pins.items() if item in by_item}
    )


def _diversity(bundle: Bundle, query: Query, config: PlacementConfig) -> Diversity | None:
    dial = config.diversity if query.diversity is None else query.diversity
    return Diversity(dial, bundle.als.item_factors, bundle.catalogue.category) if dial else None


def fallback(bundle: Bundle, choice: Choice, query: Query) -> dict[str, str] | None:
    """Return why the placement's own sources did not fill the slate, None where they did."""
    placement, asked, own = choice.placement, choice.asked, choice.own
    if own == query.k:
        return None
    asked_with = len(asked.anchors) + (len(asked.history) if placement.anchor == "user" else 0)
    if own or asked_with or placement.anchor is None:
        kind = "few_candidates"
    elif asked.unknown:
        kind = "unknown_" + asked.unknown[0].removesuffix("_id")
    else:
        kind = "no_history"
    return reasons.in_words(bundle, [{"type": kind, "text": Said(f"fallback_{kind}")}], query.locale)[0]


def _describe(bundle: Bundle, query: Query, choice: Choice) -> list[dict[str, Any]]:
    fields = shown_fields(bundle.catalogue, query)
    told = reasons.in_words(bundle, choice.reasons(), query.locale)
    described = [
        {
            "item_id": item_id,
            "rank": rank,
            "score": score,
            "source": source,
            "reason": reason,
            **fields(item),
        }
        for item, (item_id, rank, score, source), reason in zip(choice.items, choice.rows(bundle), told, strict=True)
    ]
    if query.explain:
        for item, explanation in zip(described, explanations(bundle, choice), strict=True):
            item["explanation"] = explanation
    return described
