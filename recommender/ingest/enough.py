"""The smallest data that can be learned from."""

from __future__ import annotations

import numpy as np

from recommender.dataset import Dataset
from recommender.errors import DataError

MIN_EVENTS, MIN_ITEMS, MIN_ACTORS = 10, 3, 3


def require_enough(dataset: Dataset) -> None:
    """Raise DataError where there are fewer than 10 events other than returns, on 3 items, by 3 users.

    Sessions and guest orders count as users.
    """
    events = dataset.events.where(~dataset.events.is_type("return"))
    found = {
        "events": (len(events), MIN_EVENTS),
        "items with events": (len(np.unique(events.item)), MIN_ITEMS),
        "users, sessions or guest orders": (len(np.unique(events.actor)), MIN_ACTORS),
    }
    if any(number < least for number, least in found.values()):
        have = ", ".join(f"{number} {what}" for what, (number, _) in found.items())
        need = ", ".join(f"{least} {what}" for what, (_, least) in found.items())
        raise DataError(f"too little to train on: {have}; at least {need} are needed")
