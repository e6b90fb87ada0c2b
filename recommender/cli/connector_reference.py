"""The mappings of the connectors as a document, taken from the files that do the mapping."""

from __future__ import annotations

import inspect
from types import ModuleType

from recommender.ingest.connectors import (
    data_layer,
    ga4,
    instacart,
    json_ld,
    merchant_feed,
    movielens,
    online_retail,
    retailrocket,
    shopify_orders,
    shopify_products,
    woocommerce_orders,
    woocommerce_products,
)

INTRODUCTION = """\
# Connectors: what becomes what

This page is generated from the connectors themselves:
`python -m recommender.cli.connector_reference > docs/connector-mappings.md`. [Connectors](connectors.md) tells how to
use them, [data](data.md) what the columns on our side mean."""

MODULES = (
    ("shopify", "orders", shopify_orders),
    ("shopify", "products", shopify_products),
    ("woocommerce", "orders", woocommerce_orders),
    ("woocommerce", "products", woocommerce_products),
    ("ga4", "", ga4),
    ("data-layer", "", data_layer),
    ("merchant-feed", "", merchant_feed),
    ("json-ld", "", json_ld),
    ("online-retail", "", online_retail),
    ("retailrocket", "", retailrocket),
    ("instacart", "", instacart),
    ("movielens", "", movielens),
)


def reference_markdown() -> str:
    """Return docs/connector-mappings.md."""
    return "\n\n".join([INTRODUCTION, *(_section(*entry) for entry in MODULES)]) + "\n"


def _section(name: str, part: str, module: ModuleType) -> str:
    heading = f"## {name}: {part}" if part else f"## {name}"
    return f"{heading}\n\n```text\n{inspect.getdoc(module)}\n```"


if __name__ == "__main__":
    print(reference_markdown(), end="")
