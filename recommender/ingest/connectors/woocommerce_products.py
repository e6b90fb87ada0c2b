"""WooCommerce's own products export (CSV): https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema

    theirs                                        ours
    SKU; else ID                                  item_id
    Name                                          title
    Categories, the first one                     category; a variation has its product's
    Brands                                        brand; a variation has its product's
    Sale price where it has no dates; else        price
      Regular price
    In stock?, Backorders allowed?                in_stock: there, or sold on without stock
    ID                                            url = /?p=ID, which leads to the product's page
    Images, the first one; else its product's     image_url
    Parent of a variation; else ID                group_id
    Tags                                          attribute tags

Of a variable product its variations are the items; the product itself, grouped products, drafts, private and hidden
products are left out and counted. Export with the admin's language set to English: WooCommerce translates the header.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Stream
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.texts import cells
from recommender.ingest.sources import list_source

OURS = dict.fromkeys(
    ("item_id", "title", "category", "brand", "price", "in_stock", "url", "image_url", "group_id", "tags"), pa.string()
)
NEEDED = ("ID", "Type", "SKU", "Name")
OPTIONAL = (
    "Published",
    "Visibility in catalog",
    "Date sale price starts",
    "Date sale price ends",
    "In stock?",
    "Backorders allowed?",
    "Sale price",
    "Regular price",
    "Categories",
    "Tags",
    "Images",
    "Parent",
    "Brands",
)
INHERITED = ("Categories", "Brands", "Images", "Tags")
COMMA = re.compile(r"(?<!\\),")
NO = ("0", "no", "false", "")

Product = dict[str, str]


def sources(files: Sequence[Path]) -> list[Stream]:
    """Return the products of the files; a variation finds its product in an earlier row of any of them."""
    parents: dict[str, Product] = {}
    convert = partial(items, parents=parents)
    return [mapped(list_source(path), OURS, NEEDED, OPTIONAL, convert) for path in files]


def items(theirs: Mapping[str, Column], parents: dict[str, Product]) -> Rows:
    """Return what can be bought, and count the rest; `parents` remembers variable products by id and SKU."""
    columns = {name: cells(column) for name, column in theirs.items()}
    kept, found, left_out = [], [], Counter[str]()
    for row, values in enumerate(zip(*columns.values(), strict=True)):
        product = dict(zip(columns, values, strict=True))
        kinds = [kind.strip() for kind in product["Type"].lower().split(",")]
        if "variable" in kinds:
            parents |= dict.fromkeys(filter(None, (f"id:{product['ID']}", product["SKU"])), product)
        if why := _not_for_sale(product, kinds):
            left_out[why] += 1
        else:
            kept.append(row)
            found.append(_item(product, parents.get(product["Parent"]) if "variation" in kinds else None))
    by_column = zip(*found, strict=True) if found else ([] for _ in OURS)
    return Rows(dict(zip(OURS, by_column, strict=True)), np.array(kept, dtype=np.int64), left_out)


def _not_for_sale(product: Product, kinds: Sequence[str]) -> str | None:
    kind = next((kind for kind in ("variable", "grouped") if kind in kinds), None)
    if kind:
        return f"{kind} products: their parts are the items"
    if product["Published"] in ("0", "-1"):
        return "private products and drafts"
    return "hidden products" if product["Visibility in catalog"] == "hidden" else None


def _item(product: Product, parent: Product | None) -> tuple[str, ...]:
    """Return a product under our names, in the order of OURS; what it leaves open is its parent's."""
    whole = {**product, **{name: product[name] or (parent or {}).get(name, "") for name in INHERITED}}
    group = parent["ID"] if parent else product["Parent"].removeprefix("id:") or product["ID"]
    has_dates = product["Date sale price starts"] or product["Date sale price ends"]
    return (
        product["SKU"] or product["ID"],
        product["Name"],
        _first(whole["Categories"]),
        _first(whole["Brands"]),
        (product["Sale price"] if not has_dates else "") or product["Regular price"],
        _in_stock(product["In stock?"], product["Backorders allowed?"]),
        f"/?p={product['ID']}",
        _first(whole["Images"]),
        group,
        whole["Tags"],
    )


def _in_stock(stock: str, backorders: str) -> str:
    """Return yes, no, or nothing where the export says nothing; what may be ordered without stock is there."""
    if not stock:
        return ""
    return "no" if stock.lower() in NO and backorders.lower() in NO else "yes"


def _first(texts: str) -> str:
    """Return the first of several texts between commas; a comma inside one is written with a backslash."""
    return COMMA.split(texts)[0].replace("\\,", ",").strip()
