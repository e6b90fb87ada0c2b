"""Events in the form of Google Analytics 4, Google Retail and Segment, turned into ours; names of our own pass through.

A form is told by its keys. What comes out has our names (docs/http-api.md); lines of an order stand under `items`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def batch_of(body: Any) -> list[Any]:
    """Return the events of a body: an array, the wrapper of the Measurement Protocol or of Segment, or one event."""
    if isinstance(body, list):
        return body
    if isinstance(body, dict):
        for name, shared in (("events", ("client_id", "user_id", "timestamp_micros")), ("batch", ())):
            if isinstance(body.get(name), list):
                common = {key: body[key] for key in shared if key in body}
                return [{**common, **event} if isinstance(event, dict) else event for event in body[name]]
    return [body]


def ours(event: Object) -> Object:
    """Return an event under our names, whatever form it was sent in."""
    if "eventType" in event:
        return _google_retail(event)
    if isinstance(event.get("params"), dict) or isinstance(event.get("ecommerce"), dict):
        return _google_analytics(event)
    if isinstance(event.get("properties"), dict) or "anonymousId" in event or "messageId" in event:
        return _segment(event)
    return event


def _google_analytics(event: Object) -> Object:
    params = {**_object(event.get("ecommerce")), **_object(event.get("params"))}
    lines = [{**item, "position": item.get("index")} for item in _objects(params.get("items"))]
    return _event(
        event,
        event=event.get("name", event.get("event")),
        event_id=event.get("event_id", params.get("event_id")),
        user_id=event.get("user_id"),
        session_id=event.get("session_id", event.get("client_id")),
        timestamp=event.get("timestamp_micros", event.get("timestamp")),
        currency=params.get("currency"),
        order_id=params.get("transaction_id"),
        rec_id=params.get("rec_id"),
        position=params.get("position"),
        items=[_line(line, line.get("item_id")) for line in lines],
    )


def _google_retail(event: Object) -> Object:
    user, order = _object(event.get("userInfo")), _object(event.get("purchaseTransaction"))
    products = [(detail, _object(detail.get("product"))) for detail in _objects(event.get("productDetails"))]
    return _event(
        event,
        event=event.get("eventType"),
        event_id=event.get("event_id"),
        user_id=user.get("userId"),
        session_id=event.get("visitorId"),
        timestamp=event.get("eventTime"),
        currency=order.get("currencyCode"),
        order_id=order.get("id"),
        rec_id=event.get("attributionToken"),
        position=event.get("position"),
        items=[
            _line({**detail, "price": _object(product.get("priceInfo")).get("price")}, product.get("id"))
            for detail, product in products
        ],
    )


def _segment(event: Object) -> Object:
    properties = _object(event.get("properties"))
    lines = _objects(properties.get("products")) or [properties]
    return _event(
        event,
        event=event.get("event"),
        event_id=event.get("messageId"),
        user_id=event.get("userId"),
        session_id=event.get("anonymousId"),
        timestamp=event.get("timestamp"),
        currency=properties.get("currency"),
        order_id=properties.get("order_id"),
        rec_id=properties.get("rec_id"),
        items=[_line(line, line.get("product_id", line.get("sku"))) for line in lines],
    )


def _event(sent: Object, **found: Any) -> Object:
    """Return what is there of an event; the token of its user is ours, so it is called the same in every form."""
    return _without_none({**found, "user_token": sent.get("user_token")})


def _line(line: Object, item_id: Any) -> Object:
    kept = ("quantity", "price", "position", "rec_id")
    return _without_none({"item_id": item_id, **{name: line.get(name) for name in kept}})


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _objects(values: Any) -> list[Object]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _without_none(event: Object) -> Object:
    return {name: value for name, value in event.items() if value is not None}
