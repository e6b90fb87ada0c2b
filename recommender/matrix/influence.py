"""How far one visitor, or a crowd of new ones, can move what all others are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events, distinct, hash_rows, stretches_of_time
from recommender.matrix.bursts import Burst, find_bursts
from recommender.matrix.weights import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Limited:
    """Which events of `source` count, shape (E,), how many do not by the rule that withheld them, and the bursts."""

    source: Events
    counted: NDArray[np.bool_]
    withheld: dict[str, int]
    bursts: list[Burst]

    @property
    def events(self) -> Events:
        """The events that count: a copy, where some do not."""
        return self.source.where(self.counted)


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
        """Return which events, net of returns, may train."""
        counted = np.ones(len(events), dtype=bool)
        withheld: dict[str, int] = {}
        bursts: list[Burst] = []
        if events.has_times:
            withheld |= self._limit_days(events, counted)
        withheld["events_per_session"] = self._limit_sessions(events.session, counted)
        if events.has_times and self.burst_factor:
            found = find_bursts(
                events,
                newcomer_days=self.newcomer_days,
                least=self.burst_users,
                factor=self.burst_factor,
                counted=counted,
            )
            counted &= ~found.events
            withheld["bursts"] = int(np.count_nonzero(found.events))
            bursts = found.bursts
        return Limited(events, counted, withheld, bursts)

    def _limit_days(self, events: Events, counted: NDArray[np.bool_]) -> dict[str, int]:
        """Take what is too much of a day from the mask of counted events, shape (E,); return how much that was."""
        withheld = {"repeats_per_day": 0, "events_per_day": 0}
        for rows in stretches_of_time(events.time, SECONDS_PER_DAY):
            part, fine = events.rows(rows), counted[rows]
            actor, day = part.actor, part.time // SECONDS_PER_DAY
            fine &= _first(self.repeats_per_day, actor, day, part.item, part.event_type)
            once = np.flatnonzero(fine)
            fine[once] = _first(self.events_per_day, actor[once], day[once])
            withheld["repeats_per_day"] += len(fine) - len(once)
            withheld["events_per_day"] += len(once) - int(np.count_nonzero(fine))
        return withheld

    def _limit_sessions(self, session: NDArray[np.int32], counted: NDArray[np.bool_]) -> int:
        """Take what is too much of a session from the mask of counted events, shape (E,); return how much that was."""
        sizes = np.bincount(session[counted & (session >= 0)])
        rows = np.flatnonzero(counted & (np.append(sizes, 0) > self.events_per_session)[session])
        counted[rows] = _first(self.events_per_session, session[rows])
        return int(np.count_nonzero(~counted[rows]))


def _first(most: int, *columns: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which rows, shape (n,), are among the first `most` of those that are alike in all columns."""
    kept = np.ones(len(columns[0]), dtype=bool)
    mixed = hash_rows(columns)
    ordered = np.sort(mixed)
    frequent = distinct(ordered[most:][ordered[most:] == ordered[: max(len(ordered) - most, 0)]])
    if len(frequent):
        rows = np.flatnonzero(np.isin(mixed, frequent))
        kept[rows] = _places([column[rows] for column in columns]) < most
    return kept


def _places(columns: Sequence[NDArray[np.integer]]) -> NDArray[np.int64]:
    """Return how many rows before each one are like it in all columns, shape (n,)."""
    order = np.lexsort(columns[::-1])  # stable: within a group in order of time
    begins = np.zeros(len(order), dtype=bool)
    begins[0] = True
    for column in columns:
        begins[1:] |= column[order][1:] != column[order][:-1]
    starts = np.flatnonzero(begins)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return places
