"""What the log holds, and what came of the slates that were served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select

from recommender.dataset.event_names import canonical_event
from recommender.event_log.schema import ERASURES, EVENTS, MERGES, SLATES, version_of


@dataclass(frozen=True, slots=True)
class Attributed:
    """Places of slates that were served, by placement and source, and those that were viewed and bought from."""

    placement: str
    source: str
    served: int
    viewed: int
    bought: int


def counts(connection: Connection) -> dict[str, Any]:
    """Return the schema, the rows of each table, and the time of the last event received."""
    tables = {"events": EVENTS, "slates": SLATES, "merges": MERGES, "erasures": ERASURES}
    rows = {name: connection.scalar(select(func.count()).select_from(table)) for name, table in tables.items()}
    last = connection.scalar(select(func.max(EVENTS.c.received_at)))
    return {"schema": version_of(connection), **rows, "last_received_at": last}


def mentions(connection: Connection, ids: Collection[str]) -> int:
    """Return how many rows of all tables name a user or session of these."""
    tables = (EVENTS, SLATES, MERGES)
    named = (or_(table.c.user_id.in_(ids), table.c.session_id.in_(ids)) for table in tables)
    rows = (
        connection.scalar(select(func.count()).select_from(table).where(where))
        for table, where in zip(tables, named, strict=True)
    )
    return sum(number or 0 for number in rows)


def attributed(connection: Connection, weighted: Collection[str] = ("view", "purchase")) -> list[Attributed]:
    """Join events to the slates that they name by rec_id, at their position, else where their item stands.

    A place counts once however often it was viewed or bought from. Rows are ordered by placement, then source.
    """
    served: Counter[tuple[str, str]] = Counter()
    slates: dict[str, tuple[str, list[list[str]]]] = {}
    for rec_id, placement, text in connection.execute(select(SLATES.c.rec_id, SLATES.c.placement, SLATES.c["items"])):
        items = orjson.loads(text)
        slates[rec_id] = placement, items
        served.update((placement, source) for _, source in items)
    led: dict[str, set[tuple[str, int]]] = {"view": set(), "purchase": set()}
    events = select(EVENTS.c.rec_id, EVENTS.c.position, EVENTS.c.item_id, EVENTS.c.event)
    for rec_id, position, item_id, event in connection.execute(events.where(EVENTS.c.rec_id.is_not(None))):
        kind = canonical_event(event, weighted)
        if rec_id in slates and kind in led and (place := _place(slates[rec_id][1], position, item_id)) is not None:
            led[kind].add((rec_id, place))
    ends = {kind: Counter(_source(slates, *where) for where in places) for kind, places in led.items()}
    return [
        Attributed(placement, source, number, ends["view"][placement, source], ends["purchase"][placement, source])
        for (placement, source), number in sorted(served.items())
    ]


def _place(items: list[list[str]], position: int | None, item_id: str) -> int | None:
    if position is not None and position <= len(items) and items[position - 1][0] == item_id:
        return position - 1
    return next((place for place, (shown, _) in enumerate(items) if shown == item_id), None)


def _source(slates: dict[str, tuple[str, list[list[str]]]], rec_id: str, place: int) -> tuple[str, str]:
    placement, items = slates[rec_id]
    return placement, items[place][1]
