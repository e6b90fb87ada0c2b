"""What must hold for every item: category, price and filter of the question, brand and price of what is asked with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.config import PlacementConfig
from recommender.dataset import Catalogue, items_meeting, parse_condition
from recommender.placements.query import Query
from recommender.ranking import Cap

Condition = tuple[str, NDArray[np.bool_]]
"""The name that `dropped` gives a condition, and a mask, shape (I,), of the items that meet it."""


def conditions_of(catalogue: Catalogue, query: Query) -> list[Condition]:
    """Return what a query asks of every item.

    Raises
    ------
    QueryError
        If a condition can't be read, or does not fit the field it is about.
    """
    found: list[Condition] = []
    if query.category is not None:
        path = query.category
        found.append(("category", catalogue.masks.get(("category", path), lambda: catalogue.in_category(path))))
    if query.min_price is not None or query.max_price is not None:
        bounds = query.min_price, query.max_price
        found.append(("price", catalogue.masks.get(("price", bounds), lambda: catalogue.priced(*bounds))))
    found += [("filter", items_meeting(parse_condition(text), catalogue)) for text in query.filter]
    return found


def config_conditions(catalogue: Catalogue, config: PlacementConfig, anchors: NDArray[np.int32]) -> list[Condition]:
    """Return what the options of a placement ask of items beside the anchors, shape (n,): brand and price.

    Of anchors without a brand or a price nothing follows.
    """
    found: list[Condition] = []
    if config.min_price_ratio is not None or config.max_price_ratio is not None:
        prices = catalogue.price[anchors]
        if len(prices := prices[~np.isnan(prices)]):
            low = None if config.min_price_ratio is None else config.min_price_ratio * float(prices.min())
            high = None if config.max_price_ratio is None else config.max_price_ratio * float(prices.max())
            found.append(("price_ratio", catalogue.priced(low, high)))
    if config.brand != "any":
        brand = _codes(catalogue, "brand")
        if (known := brand[anchors] >= 0).any():
            found.append(("brand", np.isin(brand, brand[anchors][known], invert=config.brand == "other")))
    return found


def caps_of(catalogue: Catalogue, config: PlacementConfig, anchors: NDArray[np.int32]) -> list[Cap]:
    """Return how many items of one title, category and brand there may be beside the anchors, shape (n,)."""
    caps = []
    if config.one_per_title:
        title = _codes(catalogue, "title")
        caps.append(Cap("title", title, 1, set(title[anchors].tolist())))
    if config.max_per_category is not None:
        caps.append(Cap("max_per_category", catalogue.category, config.max_per_category))
    if config.max_per_brand is not None:
        caps.append(Cap("max_per_brand", _codes(catalogue, "brand"), config.max_per_brand))
    return caps


def _codes(catalogue: Catalogue, name: str) -> NDArray[np.int32]:
    """Return the codes of a field of texts, -1 throughout where the catalogue does not have it."""
    if name not in catalogue.columns:
        return np.full(len(catalogue), -1, dtype=np.int32)
    return catalogue.coded(name)[1]
