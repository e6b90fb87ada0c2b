"""Events as parallel arrays: what ingest produces and everything after it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.dataset.rows import taken

OWNERSHIP_TYPES = ("import", "self_report", "gift")
"""Events that say what a user has from elsewhere: they hide and remind, and train nothing."""

NO_TIME = np.iinfo(np.int64).min
"""The time of an event whose source has no times."""


@dataclass(frozen=True, slots=True)
class Events:
    """E events, ordered by time (then by the order in which they were read).

    A column that has one value throughout, because the source has no such column, may be a view of that one value.

    Attributes
    ----------
    user, session, order : int32, shape (E,)
        Dense integers, -1 where the event has none. At least one of the three is set.
    item : int32, shape (E,)
    event_type : uint8, shape (E,)
        Position in `event_types`.
    time : int64, shape (E,)
        Seconds since 1970-01-01 UTC, or NO_TIME throughout.
    quantity : float32, shape (E,)
        Never 0. A return has the type "return" and a positive quantity.
    price : float32, shape (E,)
        Per unit, NaN where unknown.
    event_types : tuple of str
    n_users, n_sessions, n_orders : int
        Sizes of the three id spaces.
    """

    user: NDArray[np.int32]
    session: NDArray[np.int32]
    order: NDArray[np.int32]
    item: NDArray[np.int32]
    event_type: NDArray[np.uint8]
    time: NDArray[np.int64]
    quantity: NDArray[np.float32]
    price: NDArray[np.float32]
    event_types: tuple[str, ...]
    n_users: int
    n_sessions: int
    n_orders: int

    def __len__(self) -> int:
        return len(self.item)

    @property
    def has_times(self) -> bool:
        """Whether the source of these events knows when they happened."""
        return len(self) > 0 and bool(self.time[0] != NO_TIME)

    @property
    def as_of(self) -> int | None:
        """The time of the last event in seconds since 1970 (UTC): the "now" of everything trained on these."""
        return int(self.time[-1]) if self.has_times else None

    @property
    def n_actors(self) -> int:
        """Size of the actor space: users, then sessions, then guest orders."""
        return self.n_users + self.n_sessions + self.n_orders

    @property
    def actor(self) -> NDArray[np.int32]:
        """Who did it, shape (E,): the user if known, else the session, else the (guest) order."""
        actor, unknown = self.user.copy(), self.user < 0
        session, guest = self.session[unknown], self.n_users + self.n_sessions + self.order[unknown]
        actor[unknown] = np.where(session >= 0, self.n_users + session, guest)
        return actor

    def is_type(self, *names: str) -> NDArray[np.bool_]:
        """Return a mask, shape (E,), of the events of the named types."""
        wanted = np.array([name in names for name in self.event_types], dtype=bool)
        return wanted[self.event_type]

    def where(self, mask: NDArray[np.bool_]) -> Events:
        """Return the events a mask, shape (E,), selects; the id spaces stay as they are.

        An unbroken stretch (all, or a period) shares its memory with these events.
        """
        first, count = int(mask.argmax()) if len(mask) else 0, int(np.count_nonzero(mask))
        stretch = slice(first, first + count)
        return self.rows(stretch if mask[stretch].all() else mask)

    def rows(self, chosen: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Events:
        """Return the events at some places, which ascend; a slice shares its memory with these events."""
        return replace(
            self,
            user=taken(self.user, chosen),
            session=taken(self.session, chosen),
            order=taken(self.order, chosen),
            item=taken(self.item, chosen),
            event_type=taken(self.event_type, chosen),
            time=taken(self.time, chosen),
            quantity=taken(self.quantity, chosen),
            price=taken(self.price, chosen),
        )
