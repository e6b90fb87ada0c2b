"""How far one visitor, or a crowd of new ones, can move what all others are shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events
from recommender.matrix.bursts import Burst, find_bursts
from recommender.matrix.weights import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Limited:
    """The events that count, how many do not by the rule that withheld them, and the bursts that were found."""

    events: Events
    withheld: dict[str, int]
    bursts: list[Burst]


@dataclass(frozen=True, slots=True)
class Influence:
    """What counts of the events of one user, session, guest or day, and of many newcomers who come for one item.

    `repeats_per_day` events of one type are counted for an actor, an item and a day, `events_per_day` for an actor and
    a day, `events_per_session` for a session; the first ones count. The count of an item is robust: newcomers, whose
    first event lies at most `newcomer_days` before, don't count where they come for it as a burst, at least
    `burst_users` and more than `burst_factor` times as many as its established customers and its own past let expect;
    `burst_factor` 0 looks for no bursts. Without times only the cap on sessions holds.
    """

    repeats_per_day: int = 5
    events_per_day: int = 500
    events_per_session: int = 500
    newcomer_days: float = 28.0
    burst_users: int = 5
    burst_factor: float = 3.0

    def limit(self, events: Events) -> Limited:
        """Return the events, net of returns, that may train."""
        withheld: dict[str, int] = {}

        def keep(rule: str, mask: NDArray[np.bool_]) -> None:
            nonlocal events
            withheld[rule] = int(np.count_nonzero(~mask))
            events = events.where(mask)

        bursts: list[Burst] = []
        if events.has_times:
            day = events.time // SECONDS_PER_DAY
            keep("repeats_per_day", _first(self.repeats_per_day, events.actor, day, events.item, events.event_type))
            keep("events_per_day", _first(self.events_per_day, events.actor, events.time // SECONDS_PER_DAY))
        of_session = events.session >= 0
        keep("events_per_session", ~of_session | _first(self.events_per_session, events.session))
        if events.has_times and self.burst_factor:
            found = find_bursts(
                events, newcomer_days=self.newcomer_days, least=self.burst_users, factor=self.burst_factor
            )
            keep("bursts", ~found.events)
            bursts = found.bursts
        return Limited(events, withheld, bursts)


def _first(most: int, *columns: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which rows, shape (n,), are among the first `most` of those that are alike in all columns."""
    if not len(columns[0]):
        return np.ones(0, dtype=bool)
    order = np.lexsort(columns[::-1])  # stable: within a group in order of time
    begins = np.zeros(len(order), dtype=bool)
    begins[0] = True
    for column in columns:
        begins[1:] |= column[order][1:] != column[order][:-1]
    starts = np.flatnonzero(begins)
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    kept = np.empty(len(order), dtype=bool)
    kept[order] = place < most
    return kept
