"""Items that more newcomers came for than anything known of the item lets expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import ROWS_AT_ONCE, Events, distinct_places, stretches_of_actors
from recommender.matrix.weights import SECONDS_PER_DAY, last_time

WINDOWS_DAYS = (7, 28, 112)
"""A push may take a day or a quarter; each window ends where the data do, or where the next one begins."""

DOUBT = 3.0
"""Standard deviations of a Poisson count."""

ENOUGH_OTHERS = 0.1
"""Established customers' pairs in a window, by newcomers', below which there is nobody to compare with."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Burst:
    """Newcomers of an item in the days up to `until` (seconds since 1970), and how many of them were to be expected."""

    item: int
    days: int
    until: int
    newcomers: int
    expected: float


@dataclass(frozen=True, slots=True)
class Found:
    """The bursts, and which events, shape (E,), belong to them."""

    bursts: list[Burst]
    events: NDArray[np.bool_]


def find_bursts(
    events: Events, *, newcomer_days: float, least: int, factor: float, counted: NDArray[np.bool_] | None = None
) -> Found:
    """Compare the newcomers of each item and window with its established customers, and with other windows.

    A pair of actor and item is a newcomer's if its first event lies at most `newcomer_days` after the actor's first. Of
    the N newcomers' pairs of a window an item should have N times its share: of the pairs of all established customers
    and of other windows, or of the established customers of this window, whichever is larger. One that was not there
    before has only these to be compared with, and their count is taken at its upper bound. `least` newcomers, `factor`
    times as many as expected and three standard deviations more, are a burst: the events of these pairs.
    In a window with next to no established customers, as in a shop without accounts, nothing is a burst. Where a mask
    says which events are `counted`, the others are as if they were not there.
    """
    there = np.ones(len(events), dtype=bool) if counted is None else counted
    of_burst = np.zeros(len(events), dtype=bool)
    actors = _Actors.of(events, there, newcomer_days)
    as_of = last_time(events, there)
    if as_of is None:
        return Found([], of_burst)
    windows = [_Windows.empty(days, as_of, int(events.time[0]), actors.n_items) for days in WINDOWS_DAYS]
    for rows in stretches_of_actors(actors.actor, there):
        pairs, _ = actors.pairs(rows)
        for window in windows:
            window.add(pairs)
    found = [window.bursts(least, factor) for window in windows]
    items = np.zeros(actors.n_items, dtype=bool)
    for bursts in found:
        items[[burst.item for burst in bursts]] = True
    for rows in stretches_of_actors(actors.actor, there & items[events.item]):
        pairs, of_row = actors.pairs(rows)
        theirs = np.zeros(len(pairs.item), dtype=bool)
        for window, bursts in zip(windows, found, strict=True):
            theirs |= pairs.is_new & window.holds(bursts, pairs)
        of_burst[rows] = theirs[of_row]
    return Found([burst for bursts in found for burst in bursts], of_burst)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of actor and item, each of shape (n,), and the time of their first event.

    `is_new` are those of newcomers, `is_known` those of established customers; who came in the first days of the data
    may be either.
    """

    item: Ints
    time: Ints
    is_new: NDArray[np.bool_]
    is_known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Actors:
    """Who did it, shape (E,), and when each actor came; `began` is the time of the first event of all."""

    events: Events
    actor: NDArray[np.int32]
    arrived: Ints
    began: int
    n_items: int
    newcomer_days: float

    @classmethod
    def of(cls, events: Events, there: NDArray[np.bool_], newcomer_days: float) -> _Actors:
        actor = events.actor
        arrived = np.zeros(int(actor.max(initial=-1)) + 1, dtype=np.int64)
        for end in range(len(actor), 0, -ROWS_AT_ONCE):
            start = max(end - ROWS_AT_ONCE, 0)
            rows = np.flatnonzero(there[start:end])[::-1] + start
            arrived[actor[rows]] = events.time[rows]  # the earliest event is written last
        began = int(events.time[int(there.argmax())]) if len(there) else 0
        return cls(events, actor, arrived, began, int(events.item.max(initial=-1)) + 1, newcomer_days)

    def pairs(self, rows: Ints) -> tuple[_Pairs, Ints]:
        """Return the pairs of some events, by actor, and which of them each event belongs to."""
        actor, item = self.actor[rows], self.events.item[rows]
        key = actor.astype(np.int64) * self.n_items + item
        pairs, first, of_row = distinct_places(key)
        time, since = self.events.time[rows[first]], self.arrived[actor[first]]
        is_known = time - since > self.newcomer_days * SECONDS_PER_DAY
        is_new = ~is_known & (since - self.began > self.newcomer_days * SECONDS_PER_DAY)
        return _Pairs(pairs % max(self.n_items, 1), time, is_new, is_known), of_row


@dataclass
class _Windows:
    """How many pairs of newcomers, of established customers and of everybody each window has of each item.

    Counts have shape (windows, I); window 0 ends with the last event.
    """

    days: int
    as_of: int
    newcomers: sp.csr_array
    established: sp.csr_array
    everybody: sp.csr_array

    @classmethod
    def empty(cls, days: int, as_of: int, began: int, n_items: int) -> _Windows:
        shape = ((as_of - began) // (days * SECONDS_PER_DAY) + 1, n_items)
        return cls(days, as_of, *(_counts(np.zeros((2, 0), np.int64), shape) for _ in range(3)))

    def add(self, pairs: _Pairs) -> None:
        """Count some pairs that were not counted before."""
        cells, shape = np.stack([self._window(pairs), pairs.item]), self.everybody.shape
        self.newcomers = self.newcomers + _counts(cells[:, pairs.is_new], shape)
        self.established = self.established + _counts(cells[:, pairs.is_known], shape)
        self.everybody = self.everybody + _counts(cells, shape)

    def bursts(self, least: int, factor: float) -> list[Burst]:
        """Return the bursts, by window, then item."""
        cells = self.newcomers.tocoo()
        many = np.flatnonzero(cells.data >= least)
        window, item = cells.row[many].astype(np.int64), cells.col[many].astype(np.int64)
        newcomers = cells.data[many].astype(np.float64)
        expected, surest = self._expected(window, item, newcomers)
        limit = np.maximum(factor * surest, surest + DOUBT * np.sqrt(surest))
        found = np.flatnonzero(newcomers > limit)
        ends = self.as_of - window * self.days * SECONDS_PER_DAY
        return [
            Burst(int(item[cell]), self.days, int(ends[cell]), int(newcomers[cell]), float(expected[cell]))
            for cell in found[np.lexsort((item[found], window[found]))]
        ]

    def holds(self, bursts: Sequence[Burst], pairs: _Pairs) -> NDArray[np.bool_]:
        """Return which pairs, shape (n,), lie in the item and window of one of the bursts."""
        n_items = self.everybody.shape[1]
        seconds = self.days * SECONDS_PER_DAY
        cells = np.array([(self.as_of - one.until) // seconds * n_items + one.item for one in bursts], dtype=np.int64)
        return np.isin(self._window(pairs) * n_items + pairs.item, cells)

    def _window(self, pairs: _Pairs) -> Ints:
        return (self.as_of - pairs.time) // (self.days * SECONDS_PER_DAY)

    def _expected(self, window: Ints, item: Ints, newcomers: Floats) -> tuple[Floats, Floats]:
        """Return how many newcomers some cells let expect, and the upper bound of that, shape (n,)."""
        established = _at(self.established, window, item)
        here, among = (_sums(counts, 1)[window] for counts in (self.newcomers, self.established))
        cells = self.everybody.tocoo()
        earliest = np.zeros(self.everybody.shape[1], dtype=np.int64)
        np.maximum.at(earliest, cells.col, cells.row)
        was_there = earliest[item] > window

        def elsewhere(counts: sp.csr_array, cell: Floats) -> Floats:
            """Return the item's share of the pairs of all other windows, 0 where it was not there before this one."""
            of_window = _sums(counts, 1)
            of_item, of_all = _sums(counts, 0)[item] - cell, of_window.sum() - of_window[window]
            return np.asarray(np.where(was_there, of_item / np.maximum(of_all, 1), 0))

        everybody = _at(self.everybody, window, item)
        of_past = np.maximum(elsewhere(self.everybody, everybody), elsewhere(self.newcomers, newcomers))
        of_others = established / np.maximum(among, 1)
        at_most = (established + DOUBT * np.sqrt(established) + DOUBT) / np.maximum(among, 1)
        expected = here * np.maximum(of_past, of_others)
        surest = np.where(was_there, expected, here * np.maximum(at_most, of_others))
        return expected, np.where(among < ENOUGH_OTHERS * here, np.inf, surest)


def _counts(cells: Ints, shape: tuple[int, int]) -> sp.csr_array:
    """Return how often each cell of a matrix occurs; rows and columns of the cells in an array of shape (2, n)."""
    return sp.coo_array((np.ones(cells.shape[1], dtype=np.int32), (cells[0], cells[1])), shape=shape).tocsr()


def _at(counts: sp.csr_array, window: Ints, item: Ints) -> Floats:
    """Return the counts of some cells, shape (n,)."""
    if not counts.nnz:
        return np.zeros(len(item))
    cells, n_items = counts.tocoo(), counts.shape[1]
    keys, wanted = cells.row.astype(np.int64) * n_items + cells.col, window * n_items + item
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, cells.data[place], 0.0)


def _sums(counts: sp.csr_array, axis: int) -> Floats:
    return np.asarray(counts.sum(axis=axis, dtype=np.float64))
