"""Who owns what, from which source, and until when it is not to be shown again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, OWNERSHIP_TYPES, Events, first_places
from recommender.matrix.weights import SECONDS_PER_DAY

SOURCES = ("order", *OWNERSHIP_TYPES)
FOR_EVER = np.iinfo(np.int64).max
ALWAYS = np.iinfo(np.int64).min
"""A time before all others: what is hidden until then is never hidden."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Compressed rows, users first, then sessions, of the items owned; times in seconds since 1970 (UTC).

    Attributes
    ----------
    indptr : int64, shape (A + 1,)
    items : int32, shape (nnz,)
        Ascending within a row.
    source : uint8, shape (nnz,)
        Position in SOURCES of the latest fact.
    time : int64, shape (nnz,)
        Of the latest fact, or NO_TIME.
    hidden_until : int64, shape (nnz,)
        When the policy of its category lets the item be shown to its owner again.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    source: NDArray[np.uint8]
    time: NDArray[np.int64]
    hidden_until: NDArray[np.int64]

    def row(self, actor: int) -> slice:
        """Return where the items of one user or session stand."""
        return slice(int(self.indptr[actor]), int(self.indptr[actor + 1]))

    @property
    def actor(self) -> NDArray[np.int64]:
        """The owner of each entry, shape (nnz,)."""
        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))


def build_ownership(events: Events) -> Ownership:
    """Return what users and sessions own, of events net of returns; nothing of it is hidden yet."""
    n_actors = events.n_users + events.n_sessions
    somebody = (events.user >= 0) | (events.session >= 0)
    facts = np.flatnonzero(somebody & events.is_type("purchase", *OWNERSHIP_TYPES))[::-1]  # the latest first
    n_items = int(events.item.max(initial=0)) + 1
    pairs, first = first_places(events.actor[facts].astype(np.int64) * n_items + events.item[facts])
    latest = facts[first]
    source = np.array([SOURCES.index(name) if name in SOURCES else 0 for name in events.event_types], dtype=np.uint8)
    return Ownership(
        indptr=np.searchsorted(pairs // n_items, np.arange(n_actors + 1)),
        items=(pairs % n_items).astype(np.int32),
        source=source[events.event_type[latest]],
        time=events.time[latest],
        hidden_until=np.broadcast_to(ALWAYS, len(pairs)),
    )


def with_policy(
    ownership: Ownership,
    consumable: NDArray[np.bool_],
    hide_days: NDArray[np.float64],
    offered_from: NDArray[np.int64],
) -> Ownership:
    """Return what is owned with the policy applied: durables are hidden for some days, consumables until they are due.

    Parameters
    ----------
    consumable : bool, shape (I,)
    hide_days : float64, shape (I,)
        How long durables are hidden; infinite for ever, as is what has no time.
    offered_from : int64, shape (nnz,)
        When each owned consumable may be offered again.
    """
    days = hide_days[ownership.items]
    ends = (ownership.time != NO_TIME) & np.isfinite(days)
    until = np.full(len(ownership.items), FOR_EVER)
    until[ends] = ownership.time[ends] + (days[ends] * SECONDS_PER_DAY).astype(np.int64)
    hidden_until = np.where(consumable[ownership.items], offered_from, until)
    return Ownership(ownership.indptr, ownership.items, ownership.source, ownership.time, hidden_until)
