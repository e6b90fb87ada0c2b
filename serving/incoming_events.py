"""From the JSON of POST /v1/events to rows of the event log, each event judged for itself."""

from __future__ import annotations

import hashlib
import math
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from recommender.dataset import MAX_ID_BYTES
from recommender.event_log import LoggedEvent
from serving.event_forms import batch_of, ours
from serving.problems import INVALID_BODY, Problem

MAX_EVENTS = 200
MAX_LINES = 200
MAX_NAME_BYTES = 64
MAX_POSITION = 10_000
MAX_NUMBER = 1e12
DAY_SECONDS = 86_400
ANCIENT = 631_152_000  # 1990: nobody's shop has older events, but many visitors have broken clocks
SECONDS_BELOW, MILLISECONDS_BELOW = 1e11, 1e14

Authorised = Callable[[str, str | None], bool]
"""Tells whether events may be sent for a user id, given the token that came with the event."""


@dataclass(slots=True)
class Judged:
    """What of a body is taken, and why the rest is not."""

    events: list[LoggedEvent] = field(default_factory=list)
    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)


def judge(body: Any, now: float, authorised: Authorised) -> Judged:
    """Read the events of a body received at `now`, seconds since 1970.

    Raises
    ------
    Problem
        If it is neither an object nor an array of 1 to MAX_EVENTS.
    """
    sent = batch_of(body)
    if not isinstance(body, (dict, list)):
        raise Problem(INVALID_BODY, "the body must be one event, as an object, or an array of events")
    if not 1 <= len(sent) <= MAX_EVENTS:
        raise Problem(INVALID_BODY, f"the body has {len(sent)} events; send 1 to {MAX_EVENTS} at a time")
    judged = Judged()
    for index, event in enumerate(sent):
        try:
            judged.events += _lines(event, now, authorised)
            judged.accepted += 1
        except ValueError as error:
            judged.rejected.append({"index": index, "reason": str(error)})
    return judged


def _lines(event: Any, now: float, authorised: Authorised) -> list[LoggedEvent]:
    """Return one row per item of an event; raises ValueError that says what is wrong with it."""
    if not isinstance(event, dict):
        raise ValueError("an event must be an object")
    found = ours(event)
    whole = _read(found, now)
    user_token = found.get("user_token")
    if whole.user_id is not None and not authorised(whole.user_id, user_token if isinstance(user_token, str) else None):
        raise ValueError("user_id needs a valid user_token of that user where a browser sends it")
    lines = found.get("items")
    if lines is None:
        return [replace(whole, item_id=_required_id(found))]
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
        raise ValueError(f"items must be an array of 1 to {MAX_LINES} objects, each with an item_id")
    return [_line(whole, line, number) for number, line in enumerate(lines)]


def _line(whole: LoggedEvent, line: Any, number: int) -> LoggedEvent:
    if not isinstance(line, dict):
        raise ValueError("items must be an array of objects, each with an item_id")
    own = {name: value for name, read in LINE.items() if (value := read(name, line)) is not None}
    event_id = whole.event_id if number == 0 else _digest(f"{whole.event_id}#{number}")
    return replace(whole, item_id=_required_id(line), event_id=event_id, **own)


def _read(event: Mapping[str, Any], now: float) -> LoggedEvent:
    name = _text("event", event, MAX_NAME_BYTES)
    if name is None or not name.strip():
        raise ValueError("event is missing; name it, for example view, add_to_cart or purchase")
    found = LoggedEvent(
        event_id=_id("event_id", event) or secrets.token_hex(16),
        event=name.strip().lower(),
        timestamp=_time(event.get("timestamp"), now),
        received_at=now,
        item_id="",
        user_id=_id("user_id", event),
        session_id=_id("session_id", event),
        quantity=_quantity("quantity", event),
        price=_price("price", event),
        currency=_text("currency", event, MAX_NAME_BYTES),
        order_id=_id("order_id", event),
        rec_id=_id("rec_id", event),
        position=_position("position", event),
    )
    if found.user_id is None and found.session_id is None and found.order_id is None:
        raise ValueError("user_id, session_id and order_id are all missing; one of them must say who it was")
    return found


def _required_id(event: Mapping[str, Any]) -> str:
    item_id = _id("item_id", event)
    if item_id is None:
        raise ValueError("item_id is missing")
    return item_id


def _id(name: str, event: Mapping[str, Any]) -> str | None:
    value = event.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # ids of digits; a number with a fraction or beyond 64 bits is no id
    return _checked_text(name, value, MAX_ID_BYTES)


def _text(name: str, event: Mapping[str, Any], max_bytes: int) -> str | None:
    return _checked_text(name, event.get(name), max_bytes)


def _checked_text(name: str, value: Any, max_bytes: int) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string")
    if len(value.encode(errors="surrogatepass")) > max_bytes:
        raise ValueError(f"{name} must be at most {max_bytes} bytes of UTF-8")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise ValueError(f"{name} must not contain control characters")
    return value


def _quantity(name: str, event: Mapping[str, Any]) -> float | None:
    value = _number(name, event)
    if value == 0:
        raise ValueError(f"{name} must not be 0; a return is negative, or an event named return")
    return value


def _price(name: str, event: Mapping[str, Any]) -> float | None:
    value = _number(name, event)
    if value is not None and value < 0:
        raise ValueError(f"{name} must not be negative")
    return value


def _number(name: str, event: Mapping[str, Any]) -> float | None:
    value = event.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < MAX_NUMBER:
        raise ValueError(f"{name} must be a number")
    return float(value)


def _position(name: str, event: Mapping[str, Any]) -> int | None:
    value = event.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_POSITION:
        raise ValueError(f"{name} must be a whole number from 1 to {MAX_POSITION}: the rank in the answer")
    return value or None  # Google Analytics counts its lists from 0 in some shops; 0 is no rank


LINE: Mapping[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "quantity": _quantity,
    "price": _price,
    "position": _position,
    "rec_id": _id,
}
"""What each line of an order may say for itself."""


def _time(value: Any, now: float) -> int:
    seconds = int(now) if value is None or value == "" else _seconds(value)
    if seconds < ANCIENT:
        raise ValueError("timestamp must not lie before 1990")
    if seconds > now + DAY_SECONDS:
        raise ValueError("timestamp lies more than a day ahead of the server's clock")
    return seconds


def _seconds(value: Any) -> int:
    """Read RFC 3339, or seconds, milliseconds or microseconds since 1970, told apart by their size."""
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            value = _digits(value)
        else:
            return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() // 1)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("timestamp must be RFC 3339, such as 2026-07-01T12:00:00Z, or a number since 1970")
    size = abs(value)
    return int(value // (1 if size < SECONDS_BELOW else 1e3 if size < MILLISECONDS_BELOW else 1e6))


def _digits(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
