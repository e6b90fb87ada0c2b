"""Why an item is not shown, in words: what each rule strikes out, and whom each source has no candidate in."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import reasons
from recommender.placements.choice import Choice
from recommender.placements.query import Query


def struck_out(bundle: Bundle, query: Query, rule: str, item: int, sibling: int | None) -> str:
    """Return what made a rule strike an item out; `sibling` is the variant in whose place it is not shown."""
    fields = bundle.catalogue.fields(item, ("category", "price"))
    match rule:
        case "not_in_catalogue":
            return "it is not a row of the catalogue"
        case "out_of_stock":
            return "the catalogue says so"
        case "excluded":
            return "the question excludes it"
        case "owned":
            return "the user has it, and [ownership] does not let it be offered again yet"
        case "seen":
            return "it is in the history"
        case "category":
            return f"its category is {fields.get('category', 'unknown')}, asked for is {query.category}"
        case "price":
            low = "" if query.min_price is None else f" from {query.min_price:g}"
            high = "" if query.max_price is None else f" up to {query.max_price:g}"
            return f"its price is {fields.get('price', 'unknown')}, asked for is one{low}{high}"
        case "filter":
            return f"the question filters by {' and '.join(query.filter)}"
        case "rule":
            return "a rule of the shop, in [[rules.exclude]]"
        case "price_ratio":
            return f"its price is {fields.get('price', 'unknown')}, outside min_price_ratio and max_price_ratio"
        case "brand":
            return "its brand, beside that of the item asked with"
        case "max_per_category" | "max_per_brand":
            return "better ones of its kind fill what the option allows"
        case "title":
            return "another item of its title is asked with, or stands before it"
        case "substitute":
            return "customers buy it in the place of an item of the basket, or of one that is shown"
        case "on_page":
            return "the page shows it already"
        case "variant" if sibling is not None:
            return f"it is a variant of {reasons.title(bundle, sibling)}"
    return "it is not allowed"


def no_candidate(bundle: Bundle, choice: Choice, source: str, item: int) -> str:
    """Return why a source of a ladder does not have an item."""
    config, anchors = bundle.config, choice.asked.anchors
    min_support = config.models.co_purchase.min_support
    match source:
        case "trade_up":
            return _no_step_up(bundle, int(anchors[0]), item)
        case "repurchase":
            return "the user never bought it, or is not likely to need it within [models.repurchase] horizon_days"
        case "past_items":
            return "it is not in the history"
        case _ if (
            choice.placement.name == "up-sell" and len(anchors) and not _costs_more(bundle, int(anchors[0]), item)
        ):
            return "it does not cost more"
        case "co_purchase":
            few = f"fewer than {min_support} customers bought both"
            kept = max(len(bundle.co_purchase.row(int(anchor))[0]) for anchor in anchors)
            return few if kept < config.models.co_purchase.max_neighbours else f"{few}, or {kept} pairs are stronger"
        case "category_purchase":
            name = reasons.category_name(bundle, int(bundle.catalogue.category[anchors[0]]))
            return f"fewer than {min_support} customers bought it together with {name}, or stronger pairs fill the list"
        case "als" | "blend":
            return _no_factors(bundle, choice, item)
        case "popular_in_category" if bundle.catalogue.category[item] != bundle.catalogue.category[anchors[0]]:
            return "it is in another category"
        case "popular" | "popular_in_category":
            return f"there is no {bundle.manifest.main_event} of it"
        case "trending":
            return "no more customers buy it than the weeks before let expect"
        case "new_arrivals":
            return f"it has been in the shop for more than {config.models.popularity.new_days:g} days"
    return "it is no candidate there"


def _costs_more(bundle: Bundle, anchor: int, item: int) -> bool:
    return bool(bundle.trade_ups.dearer(anchor, bundle.config.models.up_sell.low, float("inf"))[item])


def _no_step_up(bundle: Bundle, anchor: int, item: int) -> str:
    config = bundle.config.models.up_sell
    if not bundle.trade_ups.dearer(anchor, config.low, config.high)[item]:
        return f"it does not cost {config.low:g} to {config.high:g} times as much"
    kept = len(bundle.trade_ups.items[bundle.trade_ups.row(anchor)])
    unlike = "category and title do not show that it serves the same need, or per unit it costs too little or too much"
    return unlike if kept < config.max_candidates else f"{unlike}, or {kept} are likelier to be taken"


def _no_factors(bundle: Bundle, choice: Choice, item: int) -> str:
    factors = bundle.als.item_factors
    if not factors[item].any():
        return f"it has no factors: fewer than {bundle.config.matrix.min_users_per_item} users have it in their history"
    if choice.placement.anchor == "item":
        if not factors[choice.asked.anchors[0]].any():
            return "the item asked with has no factors: too few users have it in their history"
        if item not in bundle.similar_index.items:
            least = bundle.config.models.co_purchase.min_support
            return f"fewer than {least} users have it in their history"
        return "its factors point away"
    return "its factors point away from the history, and it is no neighbour of it"
