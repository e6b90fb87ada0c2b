"""Returns cancel purchases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.dataset import OWNERSHIP_TYPES, Events


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
    n_items = int(events.item.max()) + 1
    pair = events.actor.astype(np.int64) * n_items + events.item
    pairs, position = np.unique(pair, return_inverse=True)
    n_bought = np.bincount(position[bought], events.quantity[bought], minlength=len(pairs))
    n_returned = np.bincount(position[returned], events.quantity[returned], minlength=len(pairs))
    kept_share = np.clip(1 - n_returned / np.maximum(n_bought, 1e-12), 0, 1)
    share = np.where(bought, kept_share[position], 1.0)
    keep = ~returned & (share > 1e-6)
    return replace(events, quantity=(events.quantity * share).astype(np.float32)).where(keep)
