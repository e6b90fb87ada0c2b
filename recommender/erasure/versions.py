"""Versions that were trained on somebody who was erased since, and the day on which they go."""

from __future__ import annotations

from collections.abc import Mapping

from recommender.bundle import Store
from recommender.bundle.files import load_array, load_ids
from recommender.dataset import NO_TIME
from recommender.errors import StoreError, disk_errors
from recommender.event_log import erasure_digest

SECONDS_PER_DAY = 86_400


def holding(store: Store, erased: Mapping[str, float]) -> dict[str, float]:
    """Return the versions that hold events of erased users or sessions, and when the first of those was erased.

    `erased` gives times (seconds since 1970) by digest. Who came back after the erasure is there by right: only what
    is older than it counts.
    """
    found: dict[str, float] = {}
    for version in store.names() if erased else []:
        times = _erased_in(store, version, erased)
        if times:
            found[version] = min(times)
    return found


def purge(store: Store, erased: Mapping[str, float], *, now: float, days: float) -> list[str]:
    """Delete the versions that hold who was erased `days` ago or earlier, never the live one; call it within `locked`.

    Return the deleted names.
    """
    due = {digest: at for digest, at in erased.items() if at <= now - days * SECONDS_PER_DAY}
    live = store.current()
    doomed = [version for version in holding(store, due) if version != live]
    store.remove(doomed)
    return doomed


def _erased_in(store: Store, version: str, erased: Mapping[str, float]) -> list[float]:
    """Read no more of a version than its ids and histories: one of an older schema goes, too."""
    folder = store.path / version
    times: list[float] = []
    try:
        with disk_errors(folder):
            users, sessions = load_ids(folder, "users"), load_ids(folder, "sessions")
            indptr, last_time = (load_array(folder / "histories" / f"{name}.npy") for name in ("indptr", "last_time"))
    except (StoreError, ValueError):
        return list(erased.values())  # it can't be told, and can't be used either
    for kind, ids, first in (("user", users, 0), ("session", sessions, len(users))):
        for rank, text in enumerate(ids):
            at = erased.get(erasure_digest(kind, text.decode()))
            if at is not None:
                row = last_time[indptr[first + rank] : indptr[first + rank + 1]]
                if min(row.tolist(), default=NO_TIME) <= at:
                    times.append(at)
    return times
