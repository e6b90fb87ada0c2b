"""WooCommerce's exports, told apart by their headers: `woocommerce_orders` and `woocommerce_products` read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recommender.ingest.connectors import woocommerce_orders, woocommerce_products
from recommender.ingest.connectors.connector import Connector, Tables
from recommender.ingest.sources import list_source


def tables(files: Sequence[Path]) -> Tables:
    """Return order lines and products; the files may be the parts of one export."""
    products = [path for path in files if {"Type", "Regular price"} <= {*list_source(path).columns()}]
    orders = [path for path in files if path not in products]
    return Tables(
        woocommerce_orders.sources(orders) if orders else (), woocommerce_products.sources(products) if products else ()
    )


WOOCOMMERCE = Connector(
    "woocommerce", "WooCommerce: orders by one of three plugins, and products, CSV", (".csv", ".csv.gz"), tables
)
