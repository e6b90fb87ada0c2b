"""Shopify's orders export (CSV): https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders

    theirs                                     ours
    Name ("#1001")                             order_id
    Email, in lower case; else Phone           user_id; an order with neither is a guest's
    Lineitem sku; else Lineitem name           item_id (products are named alike)
    Created at ("2024-01-31 12:34:56 +0100")   timestamp
    Lineitem quantity, Lineitem price          quantity, price
    Currency                                   currency
    every line                                 event = purchase

An order has a row per line, and only its first one is filled in whole. Orders that were cancelled, voided, refunded in
full or have expired are left out and counted. Of partly refunded orders the export does not say which line came back:
they stay whole, and the report says so. Tips are no items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Stream
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.order_lines import Carried
from recommender.ingest.connectors.texts import cells, rfc3339
from recommender.ingest.sources import list_source

OURS = {
    "user_id": pa.string(),
    "item_id": pa.string(),
    "event": pa.string(),
    "timestamp": pa.string(),
    "quantity": pa.string(),
    "price": pa.string(),
    "currency": pa.string(),
    "order_id": pa.string(),
}
OF_ORDER = ("Name", "Email", "Phone", "Financial Status", "Created at", "Cancelled at", "Currency")
OF_LINE = ("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku")
NEEDED = ("Name", "Created at", "Lineitem quantity", "Lineitem name")
UNDONE = ("voided", "refunded", "expired")
PARTLY = "partially_refunded"
TIP = "Tip"


def sources(files: Sequence[Path]) -> list[Stream]:
    """Return the order lines of the files, which may be the parts of one export."""
    orders = Carried("Name")

    def convert(theirs: Mapping[str, Column]) -> Rows:
        return order_lines(theirs, orders)

    return [mapped(list_source(path), OURS, NEEDED, (*OF_ORDER, *OF_LINE), convert) for path in files]


def order_lines(theirs: Mapping[str, Column], orders: Carried) -> Rows:
    """Return the lines that were bought, and count the others."""
    order = orders.fill({name: cells(theirs[name]) for name in OF_ORDER})
    line = {name: cells(theirs[name]) for name in OF_LINE}
    status = [
        "cancelled" if cancelled else paid.lower()
        for cancelled, paid in zip(order["Cancelled at"], order["Financial Status"], strict=True)
    ]
    is_tip = [name == TIP and not sku for name, sku in zip(line["Lineitem name"], line["Lineitem sku"], strict=True)]
    gone = [why in UNDONE or why == "cancelled" or tip for why, tip in zip(status, is_tip, strict=True)]
    left_out = Counter(
        "tips" if tip else f"lines of {why} orders" for why, tip, out in zip(status, is_tip, gone, strict=True) if out
    )
    kept = np.flatnonzero(~np.array(gone, dtype=bool))

    def of(column: Sequence[str]) -> list[str]:
        return [column[row] for row in kept.tolist()]

    emails, phones = of(order["Email"]), of(order["Phone"])
    names, skus = of(line["Lineitem name"]), of(line["Lineitem sku"])
    partly = PARTLY in of(status)
    return Rows(
        {
            "user_id": [email.lower() or phone for email, phone in zip(emails, phones, strict=True)],
            "item_id": [sku.removeprefix("'") or name for sku, name in zip(skus, names, strict=True)],
            "event": ["purchase"] * len(kept),
            "timestamp": rfc3339(pa.array(of(order["Created at"]), pa.string())),
            "quantity": of(line["Lineitem quantity"]),
            "price": of(line["Lineitem price"]),
            "currency": of(order["Currency"]),
            "order_id": of(order["Name"]),
        },
        kept,
        left_out,
        ["partly refunded orders stay whole: the export does not say which lines came back"] * partly,
    )
