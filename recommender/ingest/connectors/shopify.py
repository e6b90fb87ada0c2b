"""Shopify's two exports, told apart by their headers: `shopify_orders` and `shopify_products` say how each is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recommender.errors import DataError
from recommender.ingest.connectors import shopify_orders, shopify_products
from recommender.ingest.connectors.connector import Connector, Tables
from recommender.ingest.sources import list_source


def tables(files: Sequence[Path]) -> Tables:
    """Return order lines and variants; the files may be the parts of one export."""
    columns = {path: list_source(path).columns() for path in files}
    orders = [path for path in files if "Lineitem quantity" in columns[path]]
    products = [path for path in files if {"Handle", "URL handle"} & {*columns[path]}]
    for path in files:
        if path not in (*orders, *products):
            found = ", ".join(map(repr, columns[path][:8]))
            raise DataError(
                f"{path}: is neither the orders export (it has a column 'Lineitem quantity') nor the products export "
                f"('Handle' or 'URL handle') of Shopify; found {found}"
            )
    return Tables(
        shopify_orders.sources(orders) if orders else (), shopify_products.sources(products) if products else ()
    )


SHOPIFY = Connector("shopify", "Shopify: the exports of orders and of products, CSV", (".csv", ".csv.gz"), tables)
