"""Returns cancel purchases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import OWNERSHIP_TYPES, ROWS_AT_ONCE, Events, distinct


def net_of_returns(events: Events) -> Events:
    """Return the events without returns, the purchases scaled to the net quantity of their user and item.

    Where a user sent back as much of an item as was bought, or more, the purchases of that pair are gone; what was
    imported, reported or given counts as bought here. The order in
    time plays no part: a return whose purchase lies before the data only cancels what the data has.
    """
    returned = events.is_type("return")
    if not returned.any():
        return events
    bought = events.is_type("purchase", *OWNERSHIP_TYPES)
    n_items, actor = int(events.item.max()) + 1, events.actor
    pairs = distinct(actor[returned].astype(np.int64) * n_items + events.item[returned])
    rows, position = _rows_of(pairs, actor, events.item, n_items)
    n_bought, n_returned = (
        np.bincount(position[which[rows]], events.quantity[rows][which[rows]], minlength=len(pairs))
        for which in (bought, returned)
    )
    kept_share = np.clip(1 - n_returned / np.maximum(n_bought, 1e-12), 0, 1)
    share = np.where(bought[rows], kept_share[position], 1.0)
    quantity = events.quantity.copy()
    quantity[rows] = events.quantity[rows] * share
    keep = ~returned
    keep[rows] &= share > 1e-6
    return replace(events, quantity=quantity).where(keep)


def _rows_of(
    pairs: NDArray[np.int64], actor: NDArray[np.int32], item: NDArray[np.int32], n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the events of some pairs actor * I + item, ascending, and the place of each one's pair; shape (n,)."""
    rows, places = [], []
    for start in range(0, len(actor), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        wanted = actor[some].astype(np.int64) * n_items + item[some]
        place = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        found = np.flatnonzero(pairs[place] == wanted)
        rows.append(found + start)
        places.append(place[found])
    return np.concatenate(rows), np.concatenate(places)
