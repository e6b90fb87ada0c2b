"""The sparse matrix of who did what, with the time of the last event of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, Events

Row = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]


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
    owned : bool, shape (nnz,)
        Whether the pair has a purchase that was not returned.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    values: NDArray[np.float32]
    last_time: NDArray[np.int64]
    owned: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, actor: int) -> Row:
        """Return the items, values, ownership flags and last times of one actor, each of shape (n,)."""
        return self._window(slice(int(self.indptr[actor]), int(self.indptr[actor + 1])))

    def none(self) -> Row:
        """Return what `row` gives for an actor without history."""
        return self._window(slice(0))

    def _window(self, window: slice) -> Row:
        return self.items[window], self.values[window], self.owned[window], self.last_time[window]

    def owners(self, item: int) -> NDArray[np.int64]:
        """Return the actors who own an item, shape (n,), ascending; every pair of the matrix is looked at."""
        pairs = np.flatnonzero((self.items == item) & self.owned)
        return np.searchsorted(self.indptr, pairs, side="right") - 1

    def first(self, n_actors: int) -> Histories:
        """Return the rows of the first `n_actors` actors only."""
        end = int(self.indptr[n_actors])
        return Histories(
            self.indptr[: n_actors + 1],
            self.items[:end],
            self.values[:end],
            self.last_time[:end],
            self.owned[:end],
        )

    def user_items(self, n_items: int, *, max_items_per_user: int) -> sp.csr_matrix:
        """Return the values as a sparse matrix, shape (A, I), of each actor's heaviest `max_items_per_user` items."""
        heaviest = _heaviest_per_row(self.values, np.diff(self.indptr), max_items_per_user)
        values = np.where(heaviest, self.values, 0)
        matrix = sp.csr_matrix((values, self.items, self.indptr), shape=(len(self), n_items), copy=True)
        matrix.eliminate_zeros()
        return matrix


def build_histories(events: Events, values: NDArray[np.float32]) -> Histories:
    """Sum event values, shape (E,), into one row per actor; events worth 0 are left out."""
    keep = values > 0
    n_items = int(events.item.max(initial=0)) + 1
    pair = events.actor[keep].astype(np.int64) * n_items + events.item[keep]
    pairs, position = np.unique(pair, return_inverse=True)
    last_time = np.full(len(pairs), NO_TIME, dtype=np.int64)
    np.maximum.at(last_time, position, events.time[keep])
    owned = np.zeros(len(pairs), dtype=bool)
    owned[position[events.is_type("purchase")[keep]]] = True
    indptr = np.zeros(events.n_actors + 1, dtype=np.int64)
    np.cumsum(np.bincount(pairs // n_items, minlength=events.n_actors), out=indptr[1:])
    return Histories(
        indptr=indptr,
        items=(pairs % n_items).astype(np.int32),
        values=np.bincount(position, values[keep], minlength=len(pairs)).astype(np.float32),
        last_time=last_time,
        owned=owned,
    )


def _heaviest_per_row(values: NDArray[np.float32], lengths: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Return a mask of the `most` largest values of each row, given the lengths of the rows."""
    if not (lengths > most).any():
        return np.ones(len(values), dtype=bool)
    order = np.lexsort((-values, np.repeat(np.arange(len(lengths)), lengths)))
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.asarray(place < most)
