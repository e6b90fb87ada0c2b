"""What a shop's data looks like: counts that tell a person whether it is the data they meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Dataset, distinct

ROBOT_EVENTS = 1_000
ROBOT_TIMES_P99 = 20.0
MAX_ROBOTS_NAMED = 5


@dataclass(frozen=True, slots=True)
class DataSummary:
    """Counts of a dataset.

    Attributes
    ----------
    users, sessions : int
        Distinct ids; sessions of known users included.
    guest_orders : int
        Orders that belong to no user and no session.
    items, events : int
        Items of catalogue and events together; accepted events.
    events_by_type : dict
        Event type -> events, only types that occur.
    returns : int
    first_time, last_time, as_of : str or None
        RFC 3339, None where the source has no times. `as_of` is the time of the last event.
    density : float
        Share of all user x item pairs that occur, 0..1.
    single_event_users : int
        Users with exactly one event.
    unlisted_items, unlisted_events : int
        Items that occur in events but not in the catalogue, and their events; 0 without a catalogue.
    silent_items : int
        Items of the catalogue without any event.
    robots : int
        Users, sessions or guest orders with more than 1,000 events and more than 20 times the 99th percentile.
    robot_ids : tuple of str
        Up to five of them, the busiest first; a guest order has no id and is called "guest order".
    """

    users: int
    sessions: int
    guest_orders: int
    items: int
    events: int
    events_by_type: dict[str, int]
    returns: int
    first_time: str | None
    last_time: str | None
    as_of: str | None
    density: float
    single_event_users: int
    unlisted_items: int
    unlisted_events: int
    silent_items: int
    robots: int
    robot_ids: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-able values."""
        return {**asdict(self), "robot_ids": list(self.robot_ids)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> DataSummary:
        """Return the counts that `to_dict` gave."""
        return cls(**{**record, "robot_ids": tuple(record["robot_ids"])})


def summarise(dataset: Dataset) -> DataSummary:
    """Count what is in a dataset; some seconds at 20 million events."""
    events = dataset.events
    by_user = np.bincount(events.user[events.user >= 0], minlength=len(dataset.users))
    by_item = np.bincount(events.item, minlength=len(dataset.items))
    guests = events.order[(events.user < 0) & (events.session < 0)]
    by_type = np.bincount(events.event_type, minlength=len(events.event_types)).tolist()
    types = {name: count for name, count in zip(events.event_types, by_type, strict=True) if count}
    listed = dataset.catalogue.servable
    unlisted = (by_item > 0) & ~listed
    robots = find_robots(events.actor, events.n_actors)
    times = (int(events.time[0]), int(events.time[-1])) if events.has_times else None
    return DataSummary(
        users=len(dataset.users),
        sessions=len(dataset.sessions),
        guest_orders=len(distinct(guests)),
        items=len(dataset.items),
        events=len(events),
        events_by_type=types,
        returns=types.get("return", 0),
        first_time=rfc3339(times[0]) if times else None,
        last_time=rfc3339(times[1]) if times else None,
        as_of=rfc3339(times[1]) if times else None,
        density=pair_density(events.user, events.item, len(dataset.users), len(dataset.items)),
        single_event_users=int((by_user == 1).sum()),
        unlisted_items=int(unlisted.sum()),
        unlisted_events=int(by_item[unlisted].sum()),
        silent_items=int((listed & (by_item == 0)).sum()),
        robots=len(robots),
        robot_ids=tuple(map(_namer(dataset), robots[:MAX_ROBOTS_NAMED].tolist())),
    )


def find_robots(actor: NDArray[np.int32], n_actors: int) -> NDArray[np.int64]:
    """Return the actors with implausibly many events, the busiest first.

    `actor` has shape (E,). The 99th percentile is that of the actors with any event.
    """
    sizes = np.bincount(actor, minlength=n_actors)
    active = sizes[sizes > 0]
    if not len(active):
        return np.zeros(0, dtype=np.int64)
    limit = max(ROBOT_EVENTS, ROBOT_TIMES_P99 * float(np.percentile(active, 99)))
    robots = np.flatnonzero(sizes > limit)
    return robots[np.argsort(-sizes[robots], kind="stable")]


def pair_density(user: NDArray[np.int32], item: NDArray[np.int32], n_users: int, n_items: int) -> float:
    """Return the share of the U x I pairs that occur, 0 where there are none; `user` is -1 where unknown."""
    if not n_users or not n_items:
        return 0.0
    known = user >= 0
    pairs = user[known].astype(np.int64) * n_items + item[known]
    pairs.sort()
    distinct = int((pairs[1:] != pairs[:-1]).sum()) + min(len(pairs), 1)
    return distinct / (n_users * n_items)


def rfc3339(seconds: int) -> str:
    """Return seconds since 1970 (UTC) as people and programs write them: 2024-01-31T23:59:59Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> int:
    """Return what `rfc3339` wrote as seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


def _namer(dataset: Dataset) -> Callable[[int], str]:
    n_users, n_sessions = len(dataset.users), len(dataset.sessions)

    def name(actor: int) -> str:
        if actor < n_users:
            return dataset.users.id_of(actor)
        if actor < n_users + n_sessions:
            return dataset.sessions.id_of(actor - n_users)
        return "guest order"

    return name
