"""Why an item is shown: a machine form and a sentence, with numbers only from `min_support` users upwards.

The sentence is `Said`, a key and what fills it; it is put into words once the locale is known (`in_words`).
"""

from __future__ import annotations

from collections.abc import Iterable

from recommender.bundle import Bundle
from recommender.models import SUPPORT_DAYS
from recommender.placements.placement import Explain, Reason
from recommender.placements.wording import Said, wording_of
from recommender.ranking import Chosen


def in_words(bundle: Bundle, told: Iterable[Reason], locale: str | None) -> list[Reason]:
    """Put the sentences of reasons, or of why a placement falls back, into words of a locale, and return them."""
    say = wording_of(bundle).speaker(locale)
    found = list(told)
    for reason in found:
        reason["text"] = say(reason["text"])
    return found


def title(bundle: Bundle, item: int) -> str:
    """Return what a customer would call the item: its title, else its id."""
    return str(bundle.catalogue.fields(item, ("title",)).get("title", bundle.items.id_of(item)))


def bought_together(bundle: Bundle, anchor: int) -> Explain:
    """Explain pairs of the co-purchase model."""
    anchor_id, key = bundle.items.id_of(anchor), f"{_verb(bundle)}_together"

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": "bought_together",
                "anchor": anchor_id,
                "support": one.support,
                "text": Said(key, {"count": one.support}),
            }
            for one in chosen
        ]

    return explain


def with_category(bundle: Bundle, code: int) -> Explain:
    """Explain what is bought together with a category."""
    name, key = category_name(bundle, code), f"{_verb(bundle)}_with_category"

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": "bought_with_category",
                "category": bundle.catalogue.categories[code],
                "support": one.support,
                "text": Said(key, {"count": one.support, "category": name}),
            }
            for one in chosen
        ]

    return explain


def category_name(bundle: Bundle, code: int) -> str:
    """Return the last part of a category's path."""
    return bundle.catalogue.categories[code].rsplit(" > ", 1)[-1]


def similar_to(bundle: Bundle, anchor: int) -> Explain:
    """Explain neighbours in factor space."""
    said = Said("similar", {"title": title(bundle, anchor)})
    anchor_id = bundle.items.id_of(anchor)
    return lambda chosen: [{"type": "similar", "anchor": anchor_id, "text": said} for _ in chosen]


def popular(bundle: Bundle, category: str | None = None) -> Explain:
    """Explain best sellers, of the shop or of a category."""
    kind = "popular" if category is None else "popular_in_category"
    where = {} if category is None else {"category": category}
    lately = "_lately" if bundle.manifest.as_of else ""
    counted = f"{kind}_{_verb(bundle)}{lately}"
    threshold = bundle.config.models.co_purchase.min_support

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": kind,
                "support": one.support,
                "text": Said(counted, {"count": one.support, "days": SUPPORT_DAYS, **where}),
            }
            if one.support >= threshold
            else {"type": kind, "text": Said(kind, where)}
            for one in chosen
        ]

    return explain


def rising(bundle: Bundle) -> Explain:
    """Explain what trends."""
    threshold = bundle.config.models.co_purchase.min_support
    days = bundle.config.models.popularity.trending_days

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [
            {
                "type": "trending",
                "support": one.support,
                "text": Said("trending_counted", {"count": one.support, "days": days}),
            }
            if one.support >= threshold
            else {"type": "trending", "text": Said("trending", {"days": days})}
            for one in chosen
        ]

    return explain


def new(chosen: list[Chosen]) -> list[Reason]:
    """Explain new arrivals."""
    return [
        {
            "type": "new",
            "age_days": one.support,
            "text": Said("new", {"count": one.support}) if one.support else Said("new_today"),
        }
        for one in chosen
    ]


def pinned(chosen: list[Chosen]) -> list[Reason]:
    """Explain what a rule of the shop put there."""
    return [{"type": "pinned", "text": Said("pinned")} for _ in chosen]


def _verb(bundle: Bundle) -> str:
    return "bought" if bundle.manifest.main_event == "purchase" else "chosen"
