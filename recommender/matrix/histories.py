"""The sparse matrix of who did what, with the time of the last event of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, Events
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


def build_histories(events: Events, values: NDArray[np.float32], *, own_half_life_days: float = 0) -> Histories:
    """Sum event values, shape (E,), into one row per actor; events worth 0 are left out.

    A day of purchases counts half at an age of `own_half_life_days`; 0: always the same.
    """
    keep = values > 0
    n_items = int(events.item.max(initial=0)) + 1
    pair = events.actor[keep].astype(np.int64) * n_items + events.item[keep]
    pairs, position = np.unique(pair, return_inverse=True)
    last_time = np.full(len(pairs), NO_TIME, dtype=np.int64)
    np.maximum.at(last_time, position, events.time[keep])
    purchases = events.is_type("purchase")[keep]
    freshness = decay(events.time[keep][purchases], events.as_of, own_half_life_days)
    bought = _bought(position[purchases], events.time[keep][purchases], freshness, len(pairs))
    indptr = np.zeros(events.n_actors + 1, dtype=np.int64)
    np.cumsum(np.bincount(pairs // n_items, minlength=events.n_actors), out=indptr[1:])
    return Histories(
        indptr=indptr,
        items=(pairs % n_items).astype(np.int32),
        values=np.bincount(position, values[keep], minlength=len(pairs)).astype(np.float32),
        last_time=last_time,
        bought=bought,
    )


def _bought(
    pair: NDArray[np.int64], time: NDArray[np.int64], freshness: NDArray[np.float32], n_pairs: int
) -> NDArray[np.float32]:
    """Return the summed freshness of the days on which each pair was bought, from one row for each purchase."""
    day = np.unique(time // SECONDS_PER_DAY, return_inverse=True)[1]
    _, one_a_day = np.unique(pair * (int(day.max(initial=0)) + 1) + day, return_index=True)
    fresh = np.maximum(freshness[one_a_day], FAINT)
    return np.bincount(pair[one_a_day], fresh, minlength=n_pairs).astype(np.float32)


def _heaviest_per_row(values: NDArray[np.float32], lengths: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Return a mask of the `most` largest values of each row, given the lengths of the rows."""
    if not (lengths > most).any():
        return np.ones(len(values), dtype=bool)
    order = np.lexsort((-values, np.repeat(np.arange(len(lengths)), lengths)))
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(place < most)
