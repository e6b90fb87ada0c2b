"""What one event is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events
from recommender.errors import DataError

SECONDS_PER_DAY = 86_400


def decay(time: NDArray[np.int64], as_of: int | None, half_life_days: float) -> NDArray[np.float32]:
    """Return 0.5 ** (age / half-life) of each time, shape (E,), age counted back from `as_of`, seconds since 1970.

    All ones where the half-life is 0 or `as_of` is None: the events have no times.
    """
    if half_life_days == 0 or as_of is None:
        return np.ones(len(time), dtype=np.float32)
    age_days = (as_of - time) / SECONDS_PER_DAY
    return np.asarray(np.exp2(-age_days / half_life_days), dtype=np.float32)


def event_values(
    events: Events, weights: Mapping[str, float], *, damp_quantity: bool, half_life_days: float
) -> NDArray[np.float32]:
    """Return the value of each event, shape (E,): type weight x (damped) quantity x decay.

    Weights are relative: a fresh single event of the main type is worth 1. Ages count back from `events.as_of`.
    A damped quantity q counts 1 + ln(q) from 1 upwards and q below 1 (a netted purchase can be a fraction).
    """
    unit = weights.get(main_event_type(events, weights), 0.0) or 1.0
    by_type = np.array([weights.get(name, 0.0) / unit for name in events.event_types], dtype=np.float32)
    quantity = events.quantity
    if damp_quantity:
        quantity = np.where(quantity > 1, 1 + np.log(np.maximum(quantity, 1)), quantity)
    freshness = decay(events.time, events.as_of, half_life_days)
    return (by_type[events.event_type] * quantity * freshness).astype(np.float32)


def main_event_type(events: Events, weights: Mapping[str, float]) -> str:
    """Return the event type that counts as the shop's goal: purchase, or else the one with the largest weight.

    Raises
    ------
    DataError
        If there are no events.
    """
    if not len(events):
        raise DataError("nothing is left to train on: every event is a return, or a purchase that was returned")
    present = [events.event_types[int(code)] for code in np.unique(events.event_type)]
    if "purchase" in present:
        return "purchase"
    return max(present, key=lambda name: (weights.get(name, 0.0), name))
