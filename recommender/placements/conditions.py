"""What must hold for every item: category, price and filter of the question, brand and price of what is asked with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.config import PlacementConfig
from recommender.dataset import Catalogue, Check, bind, parse_condition
from recommender.placements.query import Query
from recommender.ranking import Cap


def conditions_of(catalogue: Catalogue, query: Query) -> list[tuple[str, Check]]:
    """Return the checks of a query by the name that `dropped` gives them.

    Raises
    ------
    QueryError
        If a condition can't be read, or does not fit the field it is about.
    """
    found: list[tuple[str, Check]] = []
    if query.category is not None:
        path = query.category
        found.append(("category", lambda items: catalogue.in_category(path, items)))
    if query.min_price is not None or query.max_price is not None:
        found.append(("price", _priced(catalogue, query.min_price, query.max_price)))
    found += [("filter", bind(parse_condition(text), catalogue)) for text in query.filter]
    return found


def config_conditions(
    catalogue: Catalogue, config: PlacementConfig, anchors: NDArray[np.int32]
) -> list[tuple[str, Check]]:
    """Return the checks that the options of a placement mean beside the anchors, shape (n,): brand and price.

    Of anchors without a brand or a price nothing follows.
    """
    found: list[tuple[str, Check]] = []
    if config.min_price_ratio is not None or config.max_price_ratio is not None:
        prices = catalogue.price[anchors]
        if len(prices := prices[~np.isnan(prices)]):
            low = None if config.min_price_ratio is None else config.min_price_ratio * float(prices.min())
            high = None if config.max_price_ratio is None else config.max_price_ratio * float(prices.max())
            found.append(("price_ratio", _priced(catalogue, low, high)))
    if config.brand != "any":
        brand = _codes(catalogue, "brand")
        if (known := brand[anchors] >= 0).any():
            brands, other = brand[anchors][known], config.brand == "other"
            found.append(("brand", lambda items: np.isin(brand[items], brands, invert=other)))
    return found


def caps_of(catalogue: Catalogue, config: PlacementConfig) -> list[Cap]:
    """Return how many items of one category and of one brand there may be."""
    caps = []
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


def _priced(catalogue: Catalogue, low: float | None, high: float | None) -> Check:
    """Check a price against bounds, both inclusive; an unknown price is outside of any."""
    least, most = -np.inf if low is None else low, np.inf if high is None else high

    def check(items: NDArray[np.int32] | slice) -> NDArray[np.bool_]:
        price = catalogue.price[items]
        return (price >= least) & (price <= most)

    return check
