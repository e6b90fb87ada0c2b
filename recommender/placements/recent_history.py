"""A history as it stands now: what the bundle holds of a user or session, and what the event log has since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import NO_TIME, OWNERSHIP_TYPES, RETURN, Recent, RecentEvent, canonical_event
from recommender.matrix import SECONDS_PER_DAY, Row

PURCHASE = "purchase"


def history_now(bundle: Bundle, rows: Sequence[int], recent: Recent) -> Row:
    """Return distinct items, ascending, with values, days bought and last times: rows of the bundle and recent events.

    Recent events count as if they happened at the bundle's "now". A return cancels recent purchases of its item; where
    it exceeds them, the stored pair is gone, since the bundle does not know quantities.
    """
    parts = [bundle.histories.row(row) for row in rows]
    if recent.events:
        changes = _changes(bundle, recent.events)
        sent_back = np.array([item for item, change in changes.items() if change.excess > 0], dtype=np.int32)
        parts = [_without(part, sent_back) for part in parts]
        parts.append(_as_row(bundle, changes))
    if not parts:
        return bundle.histories.none()
    return parts[0] if len(parts) == 1 else _combined(parts)


def hidden_now(bundle: Bundle, rows: Sequence[int], history: Row, recent: Recent) -> NDArray[np.int32]:
    """Return the items, ascending, that the users and sessions of some rows have and that are not shown to them yet.

    What was just bought, imported or given is hidden until the next bundle knows more, and what was sent back is not.
    """
    items, _, bought, last_time = history
    now = bundle.as_of_seconds
    stored = [bundle.ownership.row(row) for row in rows]
    hidden = [
        bundle.ownership.items[part][bundle.ownership.hidden_until[part] > (NO_TIME if now is None else now)]
        for part in stored
    ]
    if not recent.events:
        return np.unique(np.concatenate(hidden)) if hidden else items[:0]
    names = [(event, canonical_event(event.event, bundle.config.event_weights)) for event in recent.events]
    facts = {bundle.items.index_of(event.item_id) for event, name in names if name in OWNERSHIP_TYPES} - {None}
    back = {bundle.items.index_of(event.item_id) for event, name in names if name == RETURN or event.quantity < 0}
    just_bought = items[(bought > 0) & (last_time > (NO_TIME if now is None else now))]
    kept = items[bought > 0]
    sent_back = np.array([item for item in back if item is not None and item not in kept], dtype=np.int32)
    had = np.concatenate([items[:0], *hidden, just_bought])
    given = np.array(sorted(item for item in facts if item is not None), dtype=np.int32)
    return np.unique(np.concatenate([had[~np.isin(had, sent_back)], given]))


@dataclass(slots=True)
class _Change:
    """What recent events do to one item of a history: quantities bought (on which days) and sent back, the rest."""

    time: int = 0
    days: set[int] = field(default_factory=set)
    bought: list[float] = field(default_factory=list)
    returned: float = 0.0
    other: float = 0.0

    @property
    def excess(self) -> float:
        """The quantity that was sent back and not bought recently."""
        return self.returned - sum(self.bought)


def _changes(bundle: Bundle, events: Sequence[RecentEvent]) -> dict[int, _Change]:
    weights, damp = bundle.config.event_weights, bundle.config.matrix.damp_quantity
    known: dict[str, int | None] = {event.item_id: None for event in events}
    known = {item_id: bundle.items.index_of(item_id) for item_id in known}
    changes: dict[int, _Change] = {}
    for event in events:
        item, name = known[event.item_id], canonical_event(event.event, weights)
        if event.quantity < 0:
            name = RETURN
        if item is None or (name != RETURN and not weights.get(name)):
            continue
        change = changes.setdefault(item, _Change())
        if name == RETURN:
            change.returned += abs(event.quantity)
            continue
        change.time = max(change.time, event.time)
        if name == PURCHASE:
            change.bought.append(event.quantity)
            change.days.add(event.time // SECONDS_PER_DAY)
        else:
            change.other += weights[name] * _counted(event.quantity, damp=damp)
    return changes


def _as_row(bundle: Bundle, changes: Mapping[int, _Change]) -> Row:
    """Return what the changes add, by the formulas of `matrix.event_values` and `matrix.net_of_returns`, undecayed."""
    weights, damp = bundle.config.event_weights, bundle.config.matrix.damp_quantity
    unit = weights.get(bundle.manifest.main_event, 0.0) or 1.0
    found = []
    for item, change in sorted(changes.items()):
        share = min(max(-change.excess, 0.0) / (sum(change.bought) or 1.0), 1.0)
        bought = sum(_counted(quantity * share, damp=damp) for quantity in change.bought)
        value = (change.other + weights.get(PURCHASE, 0.0) * bought) / unit
        if value > 0:
            found.append((item, value, len(change.days) if bought > 0 else 0, change.time))
    items, values, days, times = zip(*found, strict=True) if found else ((), (), (), ())
    return (
        np.array(items, dtype=np.int32),
        np.array(values, dtype=np.float32),
        np.array(days, dtype=np.float32),
        np.array(times, dtype=np.int64),
    )


def _counted(quantity: float, *, damp: bool) -> float:
    return 1 + log(quantity) if damp and quantity > 1 else quantity


def _without(part: Row, items: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Row:
    if not len(items):
        return part
    kept = ~np.isin(part[0], items)
    return part[0][kept], part[1][kept], part[2][kept], part[3][kept]


def _combined(parts: Sequence[Row]) -> Row:
    """Return one row of several: values and days add up, the latest time counts."""
    items, place = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    values = np.bincount(place, np.concatenate([part[1] for part in parts]), minlength=len(items))
    bought = np.bincount(place, np.concatenate([part[2] for part in parts]), minlength=len(items))
    times = np.concatenate([part[3] for part in parts])
    last_time = np.full(len(items), np.iinfo(np.int64).min)
    np.maximum.at(last_time, place, times)
    return items.astype(np.int32), values.astype(np.float32), bought.astype(np.float32), last_time
