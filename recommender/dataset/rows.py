"""Many rows at a time, but not all: stretches of events, and rows as one number each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 1 << 23
"""What is sorted at once takes a few hundred MB."""
SAMPLE = 10_000
"""Events for each stretch of actors that tell where it should end."""


def stretches_of_time(
    time: NDArray[np.int64], unit_seconds: int = 1, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[slice]:
    """Yield places of ascending times, one after the other; no unit of time (a second, a day) is torn apart.

    A stretch has about `rows_at_once` rows, or those of one unit where these are more.
    """
    start = 0
    while start < len(time):
        end = len(time)
        if start + rows_at_once < end:
            begins = time[start + rows_at_once] // unit_seconds * unit_seconds
            end = int(np.searchsorted(time, begins))
            if end <= start:
                end = int(np.searchsorted(time, begins + unit_seconds))
        yield slice(start, end)
        start = end


def stretches_of_actors(
    actor: NDArray[np.int32], counted: NDArray[np.bool_], rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[NDArray[np.int64]]:
    """Yield the places, ascending, of the counted events of some actors, and of those that come after them, to the end.

    Both arguments have shape (E,). A stretch has about `rows_at_once` events, or those of one actor where these are
    more.
    """
    parts = -(-len(actor) // rows_at_once)
    ordered = np.sort(actor[:: max(len(actor) // (SAMPLE * max(parts, 1)), 1)])
    edges = np.unique(ordered[np.arange(1, parts) * len(ordered) // max(parts, 1)]).tolist()
    for first, end in pairwise([None, *edges, None]):
        chosen = counted.copy()
        if first is not None:
            chosen &= actor >= first
        if end is not None:
            chosen &= actor < end
        yield np.flatnonzero(chosen)


def taken(values: NDArray[Any], chosen: slice | NDArray[np.bool_] | NDArray[np.integer]) -> NDArray[Any]:
    """Return values of shape (n,) at some places; of a column that is one value in memory, that one again."""
    if isinstance(chosen, slice) or not _is_one_value(values):
        return values[chosen]
    count = int(np.count_nonzero(chosen)) if chosen.dtype == bool else len(chosen)
    return np.broadcast_to(values[0], count) if count else values[:0]


def mapped(codes: NDArray[np.integer], to: NDArray[Any]) -> NDArray[Any]:
    """Return what codes, shape (n,), stand for; of a column that is one value in memory, one value again."""
    return np.broadcast_to(to[codes[0]], len(codes)) if _is_one_value(codes) else to[codes]


def _is_one_value(values: NDArray[Any]) -> bool:
    return len(values) > 0 and values.strides == (0,)


def hash_rows(columns: Sequence[NDArray[Any]], rows_at_once: int = ROWS_AT_ONCE) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row of some columns, each of shape (n,)."""
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for start in range(0, len(mixed), rows_at_once):
        part = mixed[start : start + rows_at_once]
        for values in columns:
            part ^= values[start : start + rows_at_once].view(f"u{values.itemsize}").astype(np.uint64)
            part *= np.uint64(0x9E3779B97F4A7C15)
            part ^= part >> np.uint64(29)
    return mixed
