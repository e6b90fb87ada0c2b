"""A log of what a page pushed to its dataLayer (JSON lines).

The forms of the pushes: https://developers.google.com/analytics/devguides/collection/ga4/ecommerce?client_type=gtm
and the older https://developers.google.com/analytics/devguides/collection/ua/gtm/enhanced-ecommerce

    theirs                                              ours
    event with ecommerce.items[] (item_id, quantity,    event, and a row per item
      price), or gtag's ["event", NAME, {items}]
    ecommerce.detail, .add, .purchase, .refund          event = view, add_to_cart, purchase, return, and a row
      with products[] (id, quantity, price)               per product
    ecommerce.transaction_id, .purchase.actionField.id  order_id
    ecommerce.currency, .currencyCode                   currency
    user_id, userId                                     user_id
    session_id, sessionId, client_id, clientId          session_id
    timestamp, time, ts, or gtm.start (milliseconds)    timestamp

Who logs writes user, session and time beside the push, on the same line: {"timestamp": …, "session_id": …, "event": …,
"ecommerce": {…}}, or around it: {"timestamp": …, "session_id": …, "push": {…}} ("data" and "payload" do too). A line
may also be the whole array of a page; then what an earlier push said (user, session, time) holds for the later ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from recommender.ingest.checks import Reason
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.ga4 import SHOWN
from recommender.ingest.connectors.objects import Gatherer, json_object, read_lines, text_of
from recommender.ingest.sources import Batch

OURS = {
    "user_id": pa.string(),
    "session_id": pa.string(),
    "item_id": pa.string(),
    "event": pa.string(),
    "timestamp": pa.string(),
    "quantity": pa.string(),
    "price": pa.string(),
    "currency": pa.string(),
    "order_id": pa.string(),
}
CONTEXT = {
    "user_id": ("user_id", "userId"),
    "session_id": ("session_id", "sessionId", "client_id", "clientId"),
    "timestamp": ("timestamp", "time", "ts", "gtm.start"),
}
WRAPPERS = ("push", "data", "payload")
ENHANCED = {"detail": "view", "add": "add_to_cart", "purchase": "purchase", "refund": "return"}
Object = Mapping[str, Any]


def tables(files: Sequence[Path]) -> Tables:
    """Return the events of the logs."""
    return Tables([Stream(str(path), tuple(OURS), partial(events, path)) for path in files])


def events(path: Path) -> Iterator[Batch]:
    """Read a log, line by line."""
    gathered = Gatherer(OURS)
    for line in read_lines(path, str(path)):
        value = json_object(line.text)
        if value is None:
            gathered.refuse(line, Reason.BAD_JSON)
        else:
            _add_line(value, line.number, gathered)
        if gathered.is_full:
            yield gathered.take()
    yield gathered.take()


def _add_line(value: Any, line: int, gathered: Gatherer) -> None:
    pushes = value if isinstance(value, list) and not _is_gtag(value) else [value]
    context: dict[str, Any] = {}
    for pushed in pushes:
        context |= _context(pushed)
        inner = (
            next((pushed[name] for name in WRAPPERS if name in pushed), pushed) if isinstance(pushed, dict) else pushed
        )
        context |= _context(inner)
        _add_push(inner, context, line, gathered)


def _context(pushed: Any) -> dict[str, Any]:
    """Return who and when, as far as a push says so."""
    if not isinstance(pushed, dict):
        return {}
    found = {ours: next((pushed[name] for name in names if pushed.get(name)), None) for ours, names in CONTEXT.items()}
    return {name: value for name, value in found.items() if value is not None}


def _add_push(pushed: Any, context: Object, line: int, gathered: Gatherer) -> None:
    name, ecommerce = _event_of(pushed)
    rows = list(_lines(name, ecommerce))
    if not rows:
        if name is not None:
            gathered.left_out[name] += 1
        return
    who = [text_of(context.get(key)) for key in ("user_id", "session_id")]
    time = text_of(context.get("timestamp"))
    currency = text_of(ecommerce.get("currency", ecommerce.get("currencyCode")))
    for event, order, item_id, item in rows:
        quantity, price = text_of(item.get("quantity")), text_of(item.get("price"))
        gathered.add(line, (*who, text_of(item_id), event, time, quantity, price, currency, text_of(order)))


def _event_of(pushed: Any) -> tuple[str | None, Object]:
    """Return the name of a push and what it says about items; gtag's arguments are a push, too."""
    if isinstance(pushed, dict) and pushed.get("0") == "event":  # an Arguments object, as JSON writes it
        pushed = [pushed.get("0"), pushed.get("1"), pushed.get("2")]
    if isinstance(pushed, list):
        parameters = pushed[2] if _is_gtag(pushed) and len(pushed) > 2 else None
        return (text_of(pushed[1]) if _is_gtag(pushed) else None), parameters if isinstance(parameters, dict) else {}
    if not isinstance(pushed, dict):
        return None, {}
    ecommerce = pushed.get("ecommerce")
    return text_of(pushed.get("event")), ecommerce if isinstance(ecommerce, dict) else {}


def _is_gtag(value: Sequence[Any]) -> bool:
    return len(value) > 1 and value[0] == "event" and isinstance(value[1], str)


def _lines(name: str | None, ecommerce: Object) -> Iterator[tuple[str, Any, Any, Object]]:
    """Yield event, order, item and its object for each item."""
    items = ecommerce.get("items")
    if isinstance(items, list) and name is not None and name not in SHOWN:
        for item in filter(_is_object, items):
            yield name, ecommerce.get("transaction_id"), item.get("item_id"), item
        return
    for action, event in ENHANCED.items():
        part = ecommerce.get(action)
        if not isinstance(part, dict):
            continue
        field = part.get("actionField")
        order = field.get("id") if isinstance(field, dict) and event in ("purchase", "return") else None
        for product in filter(_is_object, part.get("products") or ()):
            yield event, order, product.get("id"), product


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


DATA_LAYER = Connector(
    "data-layer",
    "A log of dataLayer pushes (Google Tag Manager), JSON lines",
    (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".log", ".log.gz"),
    tables,
)
