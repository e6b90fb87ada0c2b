"""Items that more newcomers came for than anything known of the item lets expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events
from recommender.matrix.weights import SECONDS_PER_DAY

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


def find_bursts(events: Events, *, newcomer_days: float, least: int, factor: float) -> Found:
    """Compare the newcomers of each item and window with its established customers, and with other windows.

    A pair of actor and item is a newcomer's if its first event lies at most `newcomer_days` after the actor's first. Of
    the N newcomers' pairs of a window an item should have N times its share: of the pairs of all established customers
    and of other windows, or of the established customers of this window, whichever is larger. One that was not there
    before has only these to be compared with, and their count is taken at its upper bound. `least` newcomers, `factor`
    times as many as expected and three standard deviations more, are a burst: the events of these pairs.
    In a window with next to no established customers, as in a shop without accounts, nothing is a burst.
    """
    pairs = _Pairs.of(events, newcomer_days)
    bursts: list[Burst] = []
    of_burst = np.zeros(len(pairs.item), dtype=bool)
    for days in WINDOWS_DAYS:
        found, theirs = _in_windows(pairs, events, days, least, factor)
        bursts += found
        of_burst |= theirs
    return Found(bursts, of_burst[pairs.of_event])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of actor and item, each of shape (n,), and the time of their first event.

    `is_new` are those of newcomers, `is_known` those of established customers; who came in the first days of the data
    may be either. `of_event`, shape (E,), says which pair an event belongs to.
    """

    item: Ints
    time: Ints
    is_new: NDArray[np.bool_]
    is_known: NDArray[np.bool_]
    of_event: Ints
    n_items: int

    @classmethod
    def of(cls, events: Events, newcomer_days: float) -> _Pairs:
        n_items = int(events.item.max(initial=-1)) + 1
        key = events.actor.astype(np.int64) * n_items + events.item
        pairs, first, of_event = np.unique(key, return_index=True, return_inverse=True)
        actors, first_of_actor = np.unique(events.actor, return_index=True)
        arrived = np.zeros(int(actors.max(initial=-1)) + 1, dtype=np.int64)
        arrived[actors] = events.time[first_of_actor]
        time = events.time[first]
        since = arrived[events.actor[first]]
        is_known = time - since > newcomer_days * SECONDS_PER_DAY
        is_new = ~is_known & (since - events.time[:1] > newcomer_days * SECONDS_PER_DAY)
        return cls(pairs % max(n_items, 1), time, is_new, is_known, of_event, n_items)


def _in_windows(
    pairs: _Pairs, events: Events, days: int, least: int, factor: float
) -> tuple[list[Burst], NDArray[np.bool_]]:
    as_of = int(events.time[-1])
    window = (as_of - pairs.time) // (days * SECONDS_PER_DAY)
    key = window * pairs.n_items + pairs.item
    cells, of_pair = np.unique(key, return_inverse=True)
    cell_window, cell_item = cells // pairs.n_items, cells % pairs.n_items

    def counts(of: NDArray[np.bool_] | slice) -> Floats:
        return np.bincount(of_pair[of], minlength=len(cells)).astype(np.float64)

    newcomers = counts(pairs.is_new)
    expected, surest = _expected(cell_window, cell_item, newcomers, counts(pairs.is_known), counts(slice(None)))
    limit = np.maximum(factor * surest, surest + DOUBT * np.sqrt(surest))
    is_burst = (newcomers >= least) & (newcomers > limit)
    bursts = [
        Burst(int(cell_item[cell]), days, as_of - int(cell_window[cell]) * days * SECONDS_PER_DAY, int(n), float(usual))
        for cell in np.flatnonzero(is_burst)
        for n, usual in [(newcomers[cell], expected[cell])]
    ]
    return bursts, pairs.is_new & is_burst[of_pair]


def _expected(
    window: Ints, item: Ints, newcomers: Floats, established: Floats, everybody: Floats
) -> tuple[Floats, Floats]:
    """Return how many newcomers each cell of item and window lets expect, and the upper bound of that, shape (n,)."""

    def per(group: Ints, counts: Floats) -> Floats:
        return np.asarray(np.bincount(group, counts)[group])

    here, among = per(window, newcomers), per(window, established)
    earliest = np.zeros(int(item.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(earliest, item, window)
    was_there = earliest[item] > window

    def elsewhere(counts: Floats) -> Floats:
        """Return the item's share of the pairs of all other windows, 0 where it was not there before this one."""
        of_item, of_all = per(item, counts) - counts, counts.sum() - per(window, counts)
        return np.asarray(np.where(was_there, of_item / np.maximum(of_all, 1), 0))

    of_past = np.maximum(elsewhere(everybody), elsewhere(newcomers))
    of_others = established / np.maximum(among, 1)
    at_most = (established + DOUBT * np.sqrt(established) + DOUBT) / np.maximum(among, 1)
    expected = here * np.maximum(of_past, of_others)
    surest = np.where(was_there, expected, here * np.maximum(at_most, of_others))
    return expected, np.where(among < ENOUGH_OTHERS * here, np.inf, surest)
