"""Rows of a till that are no goods: postage, fees, discounts, samples."""

from __future__ import annotations

import re

from recommender.dataset import Dataset

CHARGE = re.compile(
    r"(\w+ )?(postage|shipping|delivery|carriage|freight|handling)( (fee|charge|cost)s?)?"
    r"|.*\b(fees?|surcharges?|bank charges|bottle deposits?|debt)"
    r"|(manual|adjust\w*|samples?|deposits?|discounts?|refunds?|rounding|tips?)",
    re.IGNORECASE,
)
"""A whole title, or the id of an item without one."""


def charges(dataset: Dataset) -> list[str]:
    """Return the titles of items that may be shown, were bought, and are called what a till calls a charge."""
    catalogue, bought = dataset.catalogue, set(dataset.events.item.tolist())
    titles = catalogue.table["title"].to_pylist() if "title" in catalogue.columns else [None] * len(catalogue)
    names = {item: str(titles[item] or dataset.items.id_of(item)) for item in bought if catalogue.servable[item]}
    return sorted({name for name in names.values() if CHARGE.fullmatch(name.strip())})
