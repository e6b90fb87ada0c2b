from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recommender.errors import DataError

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest

ORDERS, PRODUCTS = "shopify/orders_export_1.csv", "shopify/products_export.csv"


def test_an_order_has_a_row_per_line_and_its_first_row_speaks_for_all(ingested: Ingest) -> None:
    found = ingested("shopify", ORDERS)
    common = {
        "user_id": "anna@example.com",
        "event": "purchase",
        "timestamp": "2026-03-09 19:14:31",
        "currency": "EUR",
        "order_id": "#1012",
    }
    assert found.events[:3] == [
        {**common, "item_id": "0042", "quantity": 1, "price": 249},
        {**common, "item_id": "SOCK-R-M", "quantity": 2, "price": 12.5},
        {**common, "item_id": "Camping Stove", "quantity": 1, "price": 34},
    ]


def test_what_was_undone_is_left_out_and_counted(ingested: Ingest) -> None:
    found = ingested("shopify", ORDERS)
    assert {row["order_id"] for row in found.events} == {"#1012", "#1011", "#1009", "#1007", "#1006"}
    assert found.left_out == {"lines of refunded orders": 1, "lines of cancelled orders": 1, "tips": 1}
    (source,) = found.report.events
    assert source.read == 14
    assert source.used == len(found.events) == 11
    assert found.report.notices == ["partly refunded orders stay whole: the export does not say which lines came back"]


def test_without_an_address_the_telephone_says_who_else_the_order_is_a_guests(ingested: Ingest) -> None:
    users = {row["order_id"]: row.get("user_id") for row in ingested("shopify", ORDERS).events}
    assert users["#1006"] == "+491701234567"
    assert users["#1007"] is None


def test_addresses_can_be_hashed(ingested: Ingest) -> None:
    users = {row.get("user_id") for row in ingested("shopify", ORDERS, hash_users=True).events}
    # printf anna@example.com | sha256sum
    assert "f7d54c22dda5b1780276601cd005909b70543fc4a6ba72d735b4cb9bbb611f01" in users
    assert all(user is None or len(user) == 64 for user in users)


@pytest.mark.parametrize("export", [PRODUCTS, "shopify/products_export_new_columns.csv"])
def test_variants_are_items_whatever_shopify_calls_its_columns(ingested: Ingest, export: str) -> None:
    found = ingested("shopify", export)
    assert [row["item_id"] for row in found.items] == ["0042", "SOCK-R-M", "SOCK-B-L", "Camping Stove"]
    assert found.item("0042") == {
        "item_id": "0042",
        "title": "Two-Person Tent",
        "category": "Sporting Goods > Outdoor Recreation > Camping > Tents",
        "brand": "Fjell",
        "price": 249,
        "in_stock": True,
        "url": "/products/two-person-tent",
        "image_url": "https://cdn.example/tent-1.jpg",
        "group_id": "two-person-tent",
        "tags": "camping, summer",
        "type": "Tents",
    }
    red, blue = found.item("SOCK-R-M"), found.item("SOCK-B-L")
    assert (red["title"], red["category"], red["group_id"]) == ("Wool Socks", "Socks", "wool-socks")
    assert (red["image_url"], blue["image_url"]) == (
        "https://cdn.example/socks-red.jpg",
        "https://cdn.example/socks.jpg",
    )
    assert (red["in_stock"], blue["in_stock"]) == (False, True)  # none left; none left, but sold on
    assert found.item("Camping Stove")["in_stock"] is True  # its stock is not tracked


def test_what_is_not_for_sale_is_left_out_and_counted(ingested: Ingest) -> None:
    found = ingested("shopify", PRODUCTS)
    assert found.left_out == {"further pictures": 1, "variants of draft products": 1, "gift cards": 1}


def test_without_a_sku_orders_and_products_name_a_variant_alike(ingested: Ingest) -> None:
    orders = (
        "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem sku\n#1,a@b.c,2026-01-01,1,Tee - Red / M,\n"
    )
    products = "Handle,Title,Option1 Value,Option2 Value,Variant SKU\ntee,Tee,Red,M,\ntee,,Red,L,\n"
    found = ingested("shopify", files={"o.csv": orders, "p.csv": products})
    assert found.events[0]["item_id"] == "Tee - Red / M"
    assert [row["item_id"] for row in found.items] == ["Tee - Red / M", "Tee - Red / L"]


def test_an_order_may_go_on_in_the_next_file(ingested: Ingest) -> None:
    header = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem sku,Cancelled at\n"
    files = {
        "1.csv": header + "#1,A@b.c,paid,2026-01-01 10:00:00 -0500,1,A,a,\n#2,b@b.c,paid,2026-01-02,1,A,a,2026-01-03\n",
        "2.csv": header + "#2,,,,1,B,b,\n#3,c@b.c,paid,2026-01-04,1,B,b,\n",
    }
    found = ingested("shopify", files=files)
    assert [(row["user_id"], row["timestamp"]) for row in found.events] == [
        ("a@b.c", "2026-01-01 15:00:00"),
        ("c@b.c", "2026-01-04 00:00:00"),
    ]
    assert sum(source.left_out["lines of cancelled orders"] for source in found.report.events) == 2


def test_a_file_of_neither_kind_is_named(ingested: Ingest) -> None:
    with pytest.raises(DataError, match=r"customers\.csv: is neither the orders export .* found 'First Name'"):
        ingested("shopify", files={"customers.csv": "First Name\nAnna\n"})
