"""Shopify's products export (CSV): https://help.shopify.com/en/manual/products/import-export/using-csv

Shopify renamed the columns of this file; both generations are read (the older name stands first).

    theirs                                             ours
    Variant SKU / SKU; else as orders have it:        item_id
      the title, or "Title - Red / M"
    Title                                              title
    Product Category / Product category; else Type     category
    Vendor                                             brand
    Variant Price / Price                              price
    Variant Inventory Tracker, Qty, Policy             in_stock: not tracked, some left, or sold on when none is
      / Inventory tracker, Inventory quantity, Continue selling when out of stock
    Handle / URL handle                                group_id, and url = /products/HANDLE
    Variant Image / Variant image URL; else the        image_url
      product's first Image Src / Product image URL
    Tags, Type                                         attributes tags and type

A product has a row per variant and per further picture, and only its first row is filled in whole. Pictures are no
items; drafts, archived and unpublished products and gift cards are left out and counted. A SKU with an apostrophe
before it, which keeps spreadsheets from eating its zeros, is read without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Stream
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.order_lines import Carried
from recommender.ingest.connectors.texts import cells
from recommender.ingest.sources import Source, list_source

OURS = {
    "item_id": pa.string(),
    "title": pa.string(),
    "category": pa.string(),
    "brand": pa.string(),
    "price": pa.string(),
    "in_stock": pa.string(),
    "url": pa.string(),
    "image_url": pa.string(),
    "group_id": pa.string(),
    "tags": pa.string(),
    "type": pa.string(),
}
NAMES = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title", "Title"),
    "category": ("Product Category", "Product category"),
    "type": ("Type", "Type"),
    "vendor": ("Vendor", "Vendor"),
    "tags": ("Tags", "Tags"),
    "status": ("Status", "Status"),
    "published": ("Published", "Published on online store"),
    "gift_card": ("Gift Card", "Gift card"),
    "picture": ("Image Src", "Product image URL"),
    "option1": ("Option1 Value", "Option1 value"),
    "option2": ("Option2 Value", "Option2 value"),
    "option3": ("Option3 Value", "Option3 value"),
    "sku": ("Variant SKU", "SKU"),
    "price": ("Variant Price", "Price"),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity"),
    "policy": ("Variant Inventory Policy", "Continue selling when out of stock"),
    "variant_picture": ("Variant Image", "Variant image URL"),
}
"""Each column in the older and in the newer file."""

OF_PRODUCT = ("handle", "title", "category", "type", "vendor", "tags", "status", "published", "gift_card")
NO_OPTION = "Default Title"
NO = ("false", "no", "0")


def sources(files: Sequence[Path]) -> list[Stream]:
    """Return the variants in the files, which may be the parts of one export."""
    products = Carried("handle")
    return [_source(list_source(path), products) for path in files]


def _source(source: Source, products: Carried) -> Stream:
    have = source.columns()
    names = next(
        ({ours: both[age] for ours, both in NAMES.items()} for age in (0, 1) if NAMES["handle"][age] in have), None
    )
    if names is None:
        raise DataError(f"{source.name}: no column 'Handle' or 'URL handle'; this is no products export of Shopify")
    optional = [name for name in names.values() if name not in (names["handle"], names["title"])]
    convert = partial(variants, names=names, products=products)
    return mapped(source, OURS, [names["handle"], names["title"]], optional, convert)


def variants(theirs: Mapping[str, Column], names: Mapping[str, str], products: Carried) -> Rows:
    """Return the variants that are for sale, and count the others."""
    cell = {ours: cells(theirs[name]) for ours, name in names.items()}
    product = products.fill(
        {**{name: cell[name] for name in OF_PRODUCT}, "picture": _first(cell["picture"], cell["title"])}
    )
    rows, left_out = [], Counter[str]()
    for row in range(len(cell["handle"])):
        if not (cell["option1"][row] or cell["sku"][row] or cell["price"][row]):
            left_out["further pictures"] += 1
        elif why := _not_for_sale({name: product[name][row].lower() for name in ("status", "published", "gift_card")}):
            left_out[why] += 1
        else:
            rows.append(row)
    columns: dict[str, list[str]] = {
        "item_id": [
            cell["sku"][row].removeprefix("'")
            or line_name(product["title"][row], [cell[f"option{n}"][row] for n in (1, 2, 3)])
            for row in rows
        ],
        "title": [product["title"][row] for row in rows],
        "category": [product["category"][row] or product["type"][row] for row in rows],
        "brand": [product["vendor"][row] for row in rows],
        "price": [cell["price"][row] for row in rows],
        "in_stock": [in_stock(cell["tracker"][row], cell["quantity"][row], cell["policy"][row]) for row in rows],
        "url": [f"/products/{product['handle'][row]}" for row in rows],
        "image_url": [cell["variant_picture"][row] or product["picture"][row] for row in rows],
        "group_id": [product["handle"][row] for row in rows],
        "tags": [product["tags"][row] for row in rows],
        "type": [product["type"][row] for row in rows],
    }
    return Rows(columns, np.array(rows, dtype=np.int64), left_out)


def line_name(title: str, options: Sequence[str]) -> str:
    """Return what an order calls a variant: "Tee - Red / M", or the title where there is nothing to choose."""
    chosen = " / ".join(option for option in options if option and option != NO_OPTION)
    return f"{title} - {chosen}" if chosen else title


def in_stock(tracker: str, quantity: str, policy: str) -> str:
    """Return "yes", or the pieces that are left; what is not tracked, or sold on without stock, is always there."""
    return "yes" if not tracker or policy.lower() == "continue" else quantity


def _not_for_sale(product: Mapping[str, str]) -> str | None:
    if product["status"] in ("draft", "archived"):
        return f"variants of {product['status']} products"
    if product["published"] in NO:
        return "variants of unpublished products"
    return "gift cards" if product["gift_card"] in ("true", "yes", "1") else None


def _first(pictures: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Return only the pictures of the first rows of products, so that further ones do not replace them."""
    return [picture if title else "" for picture, title in zip(pictures, titles, strict=True)]
