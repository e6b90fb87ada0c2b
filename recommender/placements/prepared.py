"""The plain question about one item, answered from what the bundle holds ready."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from recommender.bundle import Bundle, compress
from recommender.placements.query import Query, Slate

PREPARED = ("also-bought", "similar-items")
"""The placements whose answers are prepared: those that stand on every product page."""


def plain_question(placement: str, item_id: str) -> Query:
    """Return the question that answers are prepared for: all but the item as it is by default."""
    return Query(placement, item_ids=(item_id,))


def prepare(query: Query, slate: Slate) -> bytes:
    """Return the answer to a question as it is kept in a bundle, whose version is not known yet."""
    return compress(
        orjson.dumps(
            {
                "digest": digest(query, slate.items),
                "items": slate.items,
                "shortfall": slate.shortfall,
                "dropped": slate.dropped,
                "fallback": slate.fallback,
            }
        )
    )


def prepared_slate(bundle: Bundle, query: Query, now: float) -> Slate | None:
    """Return the prepared answer to a query at a time (seconds since 1970), None where it must be worked out."""
    kept = bundle.prepared.get(query.placement)
    if kept is None or len(query.item_ids) != 1 or query != plain_question(query.placement, query.item_ids[0]):
        return None
    item = bundle.items.index_of(query.item_ids[0])
    answer = None if item is None else kept.about(item, now)
    if answer is None:
        return None
    told = orjson.loads(answer)
    return Slate(rec_id(bundle, told.pop("digest")), query.placement, bundle.version, **told)


def digest(query: Query, items: list[dict[str, Any]]) -> str:
    """Return a digest of a query and the items of its answer."""
    return hashlib.sha256(repr((query, [item["item_id"] for item in items])).encode()).hexdigest()


def rec_id(bundle: Bundle, digest: str) -> str:
    """Return a digest of version, query and items, so it names one answer also where the same question gets another."""
    return hashlib.sha256(f"{bundle.version} {digest}".encode()).hexdigest()[:20]
