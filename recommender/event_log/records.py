"""What is written: events, and the slates that were served."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of one item.

    `event` is its name as sent, in lower case; `timestamp` and `received_at` are seconds since 1970 (UTC). At least one
    of `user_id`, `session_id` and `order_id` is there. `rec_id` and `position` (from 1) say which answer led to it, and
    from which place.
    """

    event_id: str
    event: str
    timestamp: int
    received_at: float
    item_id: str
    user_id: str | None = None
    session_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    currency: str | None = None
    order_id: str | None = None
    rec_id: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure found: how many events it deleted, and the sessions that were the user's."""

    events: int
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedSlate:
    """One answer as it was served; `items` holds item id and source of each place, `anchors` the items asked about."""

    rec_id: str
    served_at: float
    placement: str
    model_version: str
    anchors: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    user_id: str | None = None
    session_id: str | None = None
