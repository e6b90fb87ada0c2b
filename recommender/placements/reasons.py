"""Why an item is shown: a machine form and a sentence, with numbers only from `min_support` users upwards.

The sentence is `Said`, a key and what fills it; it is put into words once the locale is known (`in_words`).
"""

from __future__ import annotations

from collections.abc import Iterable

from recommender.bundle import Bundle
from recommender.dataset.package_size import package_size
from recommender.dataset.summary import rfc3339
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import SUPPORT_DAYS
from recommender.placements.placement import Explain, Reason
from recommender.placements.wording import Money, Said, wording_of
from recommender.ranking import Chosen

ENOUGH_TIMES = 3
"""Purchases from which on a user has a habit: two gaps."""
SPANS = (("days", 1.0, 6.5), ("weeks", 7.0, 60.0), ("months", 30.44, float("inf")))
"""The unit a gap is told in, its days, and the gap from which on it is too small."""


def in_words(bundle: Bundle, told: Iterable[Reason], locale: str | None) -> list[Reason]:
    """Put the sentences of reasons, or of why a placement falls back, into words of a locale, and return them."""
    say = wording_of(bundle).speaker(locale)
    found = list(told)
    for reason in found:
        reason["text"] = say(reason["text"])
    return found


def title(bundle: Bundle, item: int) -> str:
    """Return what a customer would call the item: its title, else its id."""
    known = bundle.catalogue.fields(item, ("title",))
    return str(known["title"]) if known else bundle.items.id_of(item)


def bought_together(bundle: Bundle, anchor: int, support: int, *, of_several: bool) -> Reason:
    """Explain a pair by the customers who bought both; where several items were asked with, the anchor is named."""
    kind = "with" if of_several else "together"
    return {
        "type": "bought_together",
        "anchor": bundle.items.id_of(anchor),
        "support": support,
        "text": Said(f"{_verb(bundle)}_{kind}", {"count": support, "title": title(bundle, anchor)}),
    }


def bought_with_category(bundle: Bundle, code: int, support: int) -> Reason:
    """Explain an item by the customers who bought it together with a category."""
    return {
        "type": "bought_with_category",
        "category": bundle.catalogue.categories[code],
        "support": support,
        "text": Said(f"{_verb(bundle)}_with_category", {"count": support, "category": category_name(bundle, code)}),
    }


def in_same_baskets(bundle: Bundle, anchor: int) -> Reason:
    """Explain neighbours in the factors of baskets."""
    said = Said("same_baskets", {"title": title(bundle, anchor)})
    return {"type": "same_baskets", "anchor": bundle.items.id_of(anchor), "text": said}


def with_category(bundle: Bundle, code: int) -> Explain:
    """Explain what is bought together with a category."""
    return lambda chosen: [bought_with_category(bundle, code, one.support) for one in chosen]


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


def step_up(bundle: Bundle, anchor: int) -> Explain:
    """Explain dearer items of the same need: what they cost more, how much more is in them, how many stepped up."""
    model, anchor_id, name = bundle.trade_ups, bundle.items.id_of(anchor), title(bundle, anchor)
    base, threshold = package_size(name), bundle.config.models.co_purchase.min_support

    def explain(chosen: list[Chosen]) -> list[Reason]:
        return [_step(one.item) for one in chosen]

    def _step(item: int) -> Reason:
        gain = round(float(model.price[item]) - float(model.price[anchor]), 2)
        reason: Reason = {"type": "step_up", "anchor": anchor_id, "price_gain": gain}
        said = Said("step_up", {"title": name, "gain": Money(gain)})
        size = package_size(title(bundle, item))
        if size and base and size.unit == base.unit and size.amount > base.amount:
            reason["size"] = size.text
            said = Said("step_up_size", {"title": name, "gain": Money(gain), "size": size.text})
        row = model.row(anchor)
        support = int(model.trade_ups[row][model.items[row] == item].sum())
        if support >= threshold:
            low, high = wilson_interval(support, int(model.buyers[anchor]))
            reason |= {
                "support": support,
                "of": int(model.buyers[anchor]),
                "low": round(low, 4),
                "high": round(high, 4),
            }
        return {**reason, "text": said}

    return explain


def bought_again(bundle: Bundle, user: int | None) -> Explain:
    """Explain what a user buys again: the user's own gap from three purchases on, else that of other customers."""
    return lambda chosen: [_again(bundle, user, one.item) for one in chosen]


def _again(bundle: Bundle, user: int | None, item: int) -> Reason:
    cycles = bundle.cycles
    place = None if user is None else cycles.place(user, item)
    if place is None:
        return {"type": "bought_before", "text": Said("bought_before")}
    times, first, last = (int(values[place]) for values in (cycles.times, cycles.first_time, cycles.last_time))
    reason: Reason = {
        "type": "buy_again",
        "times": times,
        "last": rfc3339(last),
        "due": rfc3339(int(cycles.due_time[place])),
    }
    if times >= ENOUGH_TIMES:
        gap_days = (last - first) / SECONDS_PER_DAY / (times - 1)
        return {**reason, "gap_days": round(gap_days, 1), "text": _every("every", gap_days)}
    if cycles.item_repeaters[item] >= bundle.config.models.co_purchase.min_support:
        gap_days = float(cycles.item_gap_days[item])
        return {**reason, "usual_gap_days": round(gap_days, 1), "text": _every("others_every", gap_days)}
    return {**reason, "text": Said("bought_times", {"count": times})}


def _every(key: str, gap_days: float) -> Said:
    """Return a sentence on a gap, in the unit of SPANS."""
    unit, days = next((unit, days) for unit, days, below in SPANS if gap_days < below)
    return Said(f"{key}_{unit}", {"count": max(1, round(gap_days / days))})


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson, Journal of the American Statistical Association 22, 1927)."""
    z, share = 1.959964, hits / n
    middle, width = share + z * z / (2 * n), z * ((share * (1 - share) + z * z / (4 * n)) / n) ** 0.5
    return max((middle - width) / (1 + z * z / n), 0.0), min((middle + width) / (1 + z * z / n), 1.0)
