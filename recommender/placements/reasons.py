"""Why an item is shown: a machine form and a sentence, with numbers only from `min_support` users upwards."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.models import SUPPORT_DAYS
from recommender.placements.placement import Explain, Reason
from recommender.ranking import Chosen


def title(bundle: Bundle, item: int) -> str:
    """Return what a customer would call the item: its title, else its id."""
    return str(bundle.catalogue.fields(item, ("title",)).get("title", bundle.items.id_of(item)))


def bought_together(bundle: Bundle, anchor: int) -> Explain:
    """Explain pairs of the co-purchase model."""
    anchor_id, verb = bundle.items.id_of(anchor), _verb(bundle)

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": "bought_together",
                "anchor": anchor_id,
                "support": one.support,
                "text": f"{_count(one.support, 'customer')} {verb} both",
            }
            for one in chosen
        ]

    return explain


def with_category(bundle: Bundle, code: int) -> Explain:
    """Explain what is bought together with a category."""
    name, verb = category_name(bundle, code), _verb(bundle)

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": "bought_with_category",
                "category": bundle.catalogue.categories[code],
                "support": one.support,
                "text": f"{_count(one.support, 'customer')} {verb} it together with {name}",
            }
            for one in chosen
        ]

    return explain


def category_name(bundle: Bundle, code: int) -> str:
    """Return the last part of a category's path."""
    return bundle.catalogue.categories[code].rsplit(" > ", 1)[-1]


def similar_to(bundle: Bundle, anchor: int) -> Explain:
    """Explain neighbours in factor space."""
    reason = {
        "type": "similar",
        "anchor": bundle.items.id_of(anchor),
        "text": f"Liked by the same customers as {title(bundle, anchor)}",
    }
    return lambda chosen: [dict(reason) for _ in chosen]


def popular(bundle: Bundle, where: str = "the shop", kind: str = "popular") -> Explain:
    """Explain best sellers, of the shop or of a category."""
    text, verb = f"Popular in {where}", _verb(bundle)
    threshold = bundle.config.models.co_purchase.min_support
    period = f" in the last {SUPPORT_DAYS} days" if bundle.manifest.as_of else ""

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": kind,
                "support": one.support,
                "text": f"{text}: {_count(one.support, 'customer')} {verb} it{period}",
            }
            if one.support >= threshold
            else {"type": kind, "text": text}
            for one in chosen
        ]

    return explain


def rising(bundle: Bundle) -> Explain:
    """Explain what trends."""
    threshold = bundle.config.models.co_purchase.min_support
    period = f"in the last {bundle.config.models.popularity.trending_days:g} days"

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {"type": "trending", "support": one.support, "text": f"Rising: {_count(one.support, 'customer')} {period}"}
            if one.support >= threshold
            else {"type": "trending", "text": f"Rising {period}"}
            for one in chosen
        ]

    return explain


def new(chosen: list[Chosen]) -> list[Reason]:
    """Explain new arrivals."""
    return [
        {
            "type": "new",
            "age_days": one.support,
            "text": f"New: {_count(one.support, 'day')} in the shop" if one.support else "New today",
        }
        for one in chosen
    ]


def _verb(bundle: Bundle) -> str:
    return "bought" if bundle.manifest.main_event == "purchase" else "chose"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
