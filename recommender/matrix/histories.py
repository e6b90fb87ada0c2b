"""The sparse matrix of who did what, with the time of the last event of each pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, Events, distinct_places, stretches_of_actors
from recommender.matrix.weights import SECONDS_PER_DAY, decay

FAINT = np.finfo(np.float32).tiny
"""The least a purchase counts, however long ago it was: it is owned."""

Row = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Histories:
    """Compressed rows, one per actor: users first, then sessions, then guest orders.

    Attributes
    ----------
    indptr : int64, shape (A + 1,)
    items : int32, shape (nnz,)
        Ascending within a row.
    values : float32, shape (nnz,)
        Summed event values: the confidences that ALS trains on.
    last_time : int64, shape (nnz,)
        Seconds since 1970 (UTC) of the pair's last event, or NO_TIME.
    bought : float32, shape (nnz,)
        Days on which the pair was bought and not returned, older ones counting less; above 0 for what is owned.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    values: NDArray[np.float32]
    last_time: NDArray[np.int64]
    bought: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, actor: int) -> Row:
        """Return the items, values, purchases and last times of one actor, each of shape (n,)."""
        return self._window(slice(int(self.indptr[actor]), int(self.indptr[actor + 1])))

    def none(self) -> Row:
        """Return what `row` gives for an actor without history."""
        return self._window(slice(0))

    def _window(self, window: slice) -> Row:
        return self.items[window], self.values[window], self.bought[window], self.last_time[window]

    def owners(self, item: int) -> NDArray[np.int64]:
        """Return the actors who own an item, shape (n,), ascending; every pair of the matrix is looked at."""
        pairs = np.flatnonzero((self.items == item) & (self.bought > 0))
        return np.searchsorted(self.indptr, pairs, side="right") - 1

    def first(self, n_actors: int) -> Histories:
        """Return the rows of the first `n_actors` actors only."""
        end = int(self.indptr[n_actors])
        return Histories(
            self.indptr[: n_actors + 1],
            self.items[:end],
            self.values[:end],
            self.last_time[:end],
            self.bought[:end],
        )

    def user_items(self, n_items: int, *, max_items_per_user: int) -> sp.csr_matrix:
        """Return the values as a sparse matrix, shape (A, I), of each actor's heaviest `max_items_per_user` items."""
        heaviest = _heaviest_per_row(self.values, np.diff(self.indptr), max_items_per_user)
        values = np.where(heaviest, self.values, 0)
        matrix = sp.csr_matrix((values, self.items, self.indptr), shape=(len(self), n_items), copy=True)
        matrix.eliminate_zeros()
        return matrix


def build_histories(
    events: Events, values: NDArray[np.float32], *, own_half_life_days: float = 0, as_of: int | None = None
) -> Histories:
    """Sum event values, shape (E,), into one row per actor; events worth 0 are left out.

    A day of purchases counts half at an age of `own_half_life_days`, 0: always the same; ages count back from `as_of`,
    seconds since 1970, or else from the last event.
    """
    actor, counted = events.actor, values > 0
    as_of = events.as_of if as_of is None else as_of
    lengths = np.zeros(events.n_actors, dtype=np.int64)
    columns: dict[str, list[NDArray[Any]]] = {"items": [], "values": [], "last_time": [], "bought": []}
    for rows in stretches_of_actors(actor, counted):
        owner, part = _summed(events, actor[rows], values[rows], rows, as_of, own_half_life_days)
        starts = np.flatnonzero(np.diff(owner, prepend=-1))
        lengths[owner[starts]] = np.diff(np.append(starts, len(owner)))
        for name, column in part.items():
            columns[name].append(column)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return Histories(indptr=indptr, **{name: np.concatenate(columns.pop(name)) for name in list(columns)})


def _summed(
    events: Events,
    actor: NDArray[np.int32],
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    as_of: int | None,
    own_half_life_days: float,
) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Return the owner of each pair of actor and item of some rows, and the columns of `Histories`, shape (n,)."""
    item, time = events.item[rows], events.time[rows]
    n_items = int(item.max(initial=0)) + 1
    pairs, _, position = distinct_places(actor.astype(np.int64) * n_items + item)
    last = np.full(len(pairs), NO_TIME, dtype=np.int64)
    np.maximum.at(last, position, time)
    purchases = events.is_type("purchase")[rows]
    freshness = decay(time[purchases], as_of, own_half_life_days)
    return pairs // n_items, {
        "items": (pairs % n_items).astype(np.int32),
        "values": np.bincount(position, values, minlength=len(pairs)).astype(np.float32),
        "last_time": last,
        "bought": _bought(position[purchases], time[purchases], freshness, len(pairs)),
    }


def _bought(
    pair: NDArray[np.int64], time: NDArray[np.int64], freshness: NDArray[np.float32], n_pairs: int
) -> NDArray[np.float32]:
    """Return the summed freshness of the days on which each pair was bought, from one row for each purchase."""
    day = distinct_places(time // SECONDS_PER_DAY)[2]
    one_a_day = distinct_places(pair * (int(day.max(initial=0)) + 1) + day)[1]
    fresh = np.maximum(freshness[one_a_day], FAINT)
    return np.bincount(pair[one_a_day], fresh, minlength=n_pairs).astype(np.float32)


def _heaviest_per_row(values: NDArray[np.float32], lengths: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Return a mask of the `most` largest values of each row, given the lengths of the rows."""
    long = lengths > most
    heaviest = np.ones(len(values), dtype=bool)
    rows = np.flatnonzero(np.repeat(long, lengths))
    row, size = np.repeat(np.arange(int(long.sum())), lengths[long]), lengths[long]
    order = np.lexsort((-values[rows], row))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)
    heaviest[rows[order]] = place < most
    return heaviest
