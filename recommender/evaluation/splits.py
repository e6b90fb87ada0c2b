"""Cutting events into what a model may know and what it is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.config import Evaluation
from recommender.dataset import Events
from recommender.errors import DataError
from recommender.matrix import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Split:
    """Training and test events in the same id spaces; `note` says how they were cut and what that leaks."""

    train: Events
    test: Events
    note: str


def split_events(events: Events, config: Evaluation, seed: int = 0) -> Split:
    """Cut by time (the last `test_days` are the test) or, without times, at random.

    Raises
    ------
    DataError
        If a side would be empty.
    """
    if config.split == "random" or not events.has_times:
        held_out = np.random.default_rng(seed).random(len(events)) < config.test_share
        why = "as configured" if config.split == "random" else "the events have no times"
        note = (
            f"random split ({why}): {config.test_share:.0%} of the events are the test; later events train the model "
            "that is asked about earlier ones, so the figures are too good"
        )
        problem = f"test_share = {config.test_share:g}: leaves a side of {len(events):,} events empty"
    else:
        cut = events.time[-1] - int(config.test_days * SECONDS_PER_DAY)
        held_out = events.time > cut
        note = f"time split: the last {config.test_days:g} days are the test"
        days = (events.time[-1] - events.time[0]) / SECONDS_PER_DAY
        problem = f"test_days = {config.test_days:g}: leaves a side empty; the data spans {days:.1f} days, choose fewer"
    if held_out.all() or not held_out.any():
        raise DataError(f"evaluation.{problem}")
    return Split(events.where(~held_out), events.where(held_out), note)
