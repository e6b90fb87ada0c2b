"""WooCommerce orders (CSV), one row per order line, as three plugins write them: WooCommerce itself exports no lines.

"Advanced Order Export For WooCommerce" (AlgolPlus): https://wordpress.org/plugins/woo-order-export-lite/
"Customer / Order / Coupon Export" (SkyVerge), format "One row per item":
    https://woocommerce.com/document/ordercustomer-csv-export/
"Order Export & Order Import" (WebToffee), "Export line items in separate rows":
    https://www.webtoffee.com/woocommerce-order-export-csv-documentation/

    Advanced Order Export            SkyVerge, WebToffee                     ours
    Order Number                     order_number; else order_id             order_id
    Email (Billing)                  billing_email; else customer_email      user_id, in lower case; else
    Customer User ID / User ID       customer_id; else customer_user           their number (0 is a guest)
    SKU; else Product Id;            item_sku; else item_product_id;         item_id
      else Item Name                   else item_name
    Order Date                       order_date; else date                   timestamp; the shop's time is read as UTC
    Quantity (- Refund); else        item_quantity less item_refunded_qty    quantity; lines that came back are left out
      Quantity
    Item Cost                        item_price; else item_total by quantity price
    Currency / Order Currency        order_currency; else currency           currency
    every line                                                               event = purchase

Where the columns of the order stand in its first row only, they are filled in. Orders that are cancelled, failed,
refunded, pending, drafts or in the trash are left out and counted by status; any other status counts as bought, and the
report names those that WooCommerce itself does not know (they may be translated: export the keys instead).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Stream
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.order_lines import Carried
from recommender.ingest.connectors.shopify_orders import OURS
from recommender.ingest.connectors.texts import cells
from recommender.ingest.sources import Source, list_source

NAMES = {
    "order": ("Order Number", "order_number", "order_id"),
    "status": ("Order Status", "status"),
    "date": ("Order Date", "order_date", "date"),
    "email": ("Email (Billing)", "billing_email", "customer_email"),
    "user": ("Customer User ID", "User ID", "customer_id", "customer_user"),
    "currency": ("Currency", "Order Currency", "order_currency", "currency"),
    "sku": ("SKU", "item_sku"),
    "product": ("Product Id", "Product ID", "item_product_id"),
    "name": ("Item Name", "Product Name", "Name", "item_name"),
    "quantity": ("Quantity (- Refund)", "Quantity", "item_quantity"),
    "refunded": ("item_refunded_qty",),
    "price": ("Item Cost", "item_price"),
    "total": ("item_total",),
}
"""What the plugins call each column; the first that is there counts, and where its cell is empty, the next."""

OF_ORDER = ("order", "status", "date", "email", "user", "currency")
BOUGHT = ("completed", "processing", "on-hold", "on hold")
UNDONE = (
    "cancelled",
    "canceled",
    "failed",
    "refunded",
    "pending",
    "pending payment",
    "checkout-draft",
    "draft",
    "trash",
)
AMERICAN = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})(.*)$")


def sources(files: Sequence[Path]) -> list[Stream]:
    """Return the order lines of the files, which may be the parts of one export."""
    orders = Carried("order")
    return [_source(list_source(path), orders) for path in files]


def _source(source: Source, orders: Carried) -> Stream:
    have = source.columns()
    found = {ours: [name for name in names if name in have] for ours, names in NAMES.items()}
    if not (
        found["order"] and found["date"] and found["quantity"] and (found["sku"] or found["product"] or found["name"])
    ):
        raise DataError(
            f"{source.name}: no columns of order lines that are known (Order Number, Order Date, SKU, Quantity …, or "
            f"order_id, order_date, item_sku, item_quantity …); found {', '.join(map(repr, have[:12]))}. Export one "
            "row per item with one of the plugins that docs/connectors.md names"
        )

    def convert(theirs: Mapping[str, Column]) -> Rows:
        rows = len(next(iter(theirs.values())))
        return order_lines({ours: _first_cells(theirs, names, rows) for ours, names in found.items()}, orders)

    return mapped(source, OURS, [name for names in found.values() for name in names], (), convert)


def _first_cells(theirs: Mapping[str, Column], names: Sequence[str], rows: int) -> list[str]:
    columns = [cells(theirs[name]) for name in names] or [[""] * rows]
    return [next(filter(None, row), "") for row in zip(*columns, strict=True)]


def order_lines(cell: Mapping[str, list[str]], orders: Carried) -> Rows:
    """Return the lines that were bought and kept, and count the others."""
    order = orders.fill({name: cell[name] for name in OF_ORDER})
    kept, left_out, notes = [], Counter[str](), []
    quantities = [_remaining(*pair) for pair in zip(cell["quantity"], cell["refunded"], strict=True)]
    for row, status in enumerate(order["status"]):
        word = status.lower().removeprefix("wc-")
        if word in UNDONE:
            left_out[f"lines of {word} orders"] += 1
        elif quantities[row] == "0":
            left_out["lines that were refunded"] += 1
        else:
            kept.append(row)
            if word and word not in BOUGHT:
                notes.append(f"the order status {status!r} counts as bought")

    def of(column: Sequence[str]) -> list[str]:
        return [column[row] for row in kept]

    users = [
        email.lower() or (user if user != "0" else "")
        for email, user in zip(of(order["email"]), of(order["user"]), strict=True)
    ]
    names = zip(of(cell["sku"]), of(cell["product"]), of(cell["name"]), strict=True)
    prices = zip(of(cell["price"]), of(cell["total"]), of(cell["quantity"]), strict=True)
    return Rows(
        {
            "user_id": users,
            "item_id": [sku or product or name for sku, product, name in names],
            "event": ["purchase"] * len(kept),
            "timestamp": pa.array([_iso(date) for date in of(order["date"])], pa.string()),
            "quantity": [quantities[row] for row in kept],
            "price": [price or _each(total, quantity) for price, total, quantity in prices],
            "currency": of(order["currency"]),
            "order_id": of(order["order"]),
        },
        np.array(kept, dtype=np.int64),
        left_out,
        list(dict.fromkeys(notes)),
    )


def _remaining(quantity: str, refunded: str) -> str:
    """Return the pieces that were not refunded (written with or without a minus); what is no number stays."""
    try:
        rest = float(quantity or "1") - abs(float(refunded or "0"))
    except ValueError:
        return quantity
    return f"{max(rest, 0):g}"


def _each(total: str, quantity: str) -> str:
    try:
        return f"{float(total) / float(quantity or '1'):.4f}"
    except (ValueError, ZeroDivisionError):
        return total


def _iso(date: str) -> str:
    """Return WebToffee's month/day/year as a date that everybody reads; others as they are."""
    found = AMERICAN.match(date)
    if not found:
        return date
    month, day, year, time = found.groups()
    return f"{year}-{int(month):02d}-{int(day):02d}{_two_digits(time)}"


def _two_digits(time: str) -> str:
    return re.sub(r"^\s+(\d):", r" 0\1:", time)
