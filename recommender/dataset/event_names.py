"""Names of events: ours, and what Google Analytics 4, Google Retail, Segment and common shops call the same."""

from __future__ import annotations

from collections.abc import Collection

RETURN = "return"

ALIASES = {
    "view": (
        "view_item", "viewed", "page_view", "pageview", "product_view", "product-view", "view-product", "view_product",
        "productview", "detail", "detail-page-view", "detail_page_view", "pageview-of-product", "click", "select_item",
        "product viewed", "product clicked",
    ),
    "add_to_cart": (
        "add-to-cart", "add to cart", "addtocart", "cart", "add_cart", "basket", "add_to_basket", "atc",
        "product added",
    ),
    "purchase": (
        "purchase-complete", "purchase_complete", "purchased", "transaction", "buy", "bought", "order", "ordered",
        "sale", "order completed",
    ),
    "impression": ("view_item_list", "item list viewed", "product list viewed"),
    RETURN: ("refund", "returned", "refunded", "cancellation", "order refunded"),
}  # fmt: skip
CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}


def names_of(name: str) -> tuple[str, ...]:
    """Return one of our names and all its aliases."""
    return name, *ALIASES.get(name, ())


def canonical_event(name: str, weighted: Collection[str]) -> str:
    """Return our name of an event: lower case, aliases resolved.

    A name that has a weight of its own keeps it, unless what it is an alias of has one too.
    """
    lower = name.strip().lower()
    canonical = CANONICAL.get(lower, lower)
    return lower if canonical not in weighted and canonical != RETURN and lower in weighted else canonical
