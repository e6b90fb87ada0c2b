"""What one event is worth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import ROWS_AT_ONCE, Events
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
    events: Events,
    weights: Mapping[str, float],
    *,
    damp_quantity: bool,
    half_life_days: float,
    counted: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Return the value of each event, shape (E,): type weight x (damped) quantity x decay.

    Weights are relative: a fresh single event of the main type is worth 1. Ages count back from the last event. Where
    a mask says which events are `counted`, the others are worth 0, and are not there for anything else either.
    A damped quantity q counts 1 + ln(q) from 1 upwards and q below 1 (a netted purchase can be a fraction).
    """
    unit = weights.get(main_event_type(events, weights, counted), 0.0) or 1.0
    by_type = np.array([weights.get(name, 0.0) / unit for name in events.event_types], dtype=np.float32)
    as_of = events.as_of if counted is None else last_time(events, counted)
    values = np.empty(len(events), dtype=np.float32)
    for start in range(0, len(values), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        quantity = events.quantity[some]
        if damp_quantity:
            quantity = np.where(quantity > 1, 1 + np.log(np.maximum(quantity, 1)), quantity)
        freshness = decay(events.time[some], as_of, half_life_days)
        values[some] = by_type[events.event_type[some]] * quantity * freshness
    if counted is not None:
        values[~counted] = 0
    return values


def last_time(events: Events, counted: NDArray[np.bool_]) -> int | None:
    """Return the time of the last counted event, shape (E,), in seconds since 1970; None where there is none."""
    if not events.has_times or not counted.any():
        return None
    return int(events.time[len(counted) - 1 - int(counted[::-1].argmax())])


def main_event_type(events: Events, weights: Mapping[str, float], counted: NDArray[np.bool_] | None = None) -> str:
    """Return the event type that counts as the shop's goal: purchase, or else the one with the largest weight.

    Raises
    ------
    DataError
        If there are no events, or none is `counted`, a mask of shape (E,).
    """
    types = events.event_type if counted is None else events.event_type[counted]
    present = [name for code, name in enumerate(events.event_types) if (types == code).any()]
    if not present:
        raise DataError("nothing is left to train on: every event is a return, or a purchase that was returned")
    if "purchase" in present:
        return "purchase"
    return max(present, key=lambda name: (weights.get(name, 0.0), name))
