from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recommender.errors import DataError

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest

ADVANCED, ONE_ROW = "woocommerce/advanced-order-export.csv", "woocommerce/one-row-per-item.csv"


def test_advanced_order_export_with_the_orders_columns_in_the_first_row_only(ingested: Ingest) -> None:
    found = ingested("woocommerce", ADVANCED)
    common = {
        "user_id": "anna@example.com",
        "event": "purchase",
        "timestamp": "2026-02-03 09:12:00",
        "order_id": "2105",
    }
    assert found.events[:2] == [
        {**common, "item_id": "007", "quantity": 1, "price": 34},
        {**common, "item_id": "SOCK-R-M", "quantity": 3, "price": 12.5},
    ]
    assert found.events[3]["item_id"] == "Gift wrap, paper"  # no SKU and no number: its name
    assert "user_id" not in found.events[-1]  # a guest


def test_statuses_and_refunded_lines(ingested: Ingest) -> None:
    found = ingested("woocommerce", ADVANCED)
    assert found.left_out == {
        "lines of refunded orders": 1,
        "lines of cancelled orders": 1,
        "lines that were refunded": 1,
    }
    assert found.report.notices == ["the order status 'Verschickt' counts as bought"]


def test_one_row_per_item(ingested: Ingest) -> None:
    found = ingested("woocommerce", ONE_ROW)
    assert found.events == [
        {
            "user_id": "anna@example.com",
            "item_id": "007",
            "event": "purchase",
            "timestamp": "2026-02-04 09:12:44",
            "quantity": 1,
            "price": 34,
            "currency": "EUR",
            "order_id": "2201",
        },
        {
            "user_id": "anna@example.com",
            "item_id": "32",
            "event": "purchase",
            "timestamp": "2026-02-04 09:12:44",
            "quantity": 2,  # three, of which one came back
            "price": 9.5,  # 28.50 for three
            "currency": "EUR",
            "order_id": "2201",
        },
        {
            "user_id": "15",  # no address
            "item_id": "007",
            "event": "purchase",
            "timestamp": "2026-02-05 08:02:10",  # written 2/5/2026 8:02:10
            "quantity": 1,
            "price": 34,
            "currency": "EUR",
            "order_id": "2202",
        },
    ]
    assert found.left_out == {"lines of failed orders": 1}


def test_a_file_without_order_lines_is_named(ingested: Ingest) -> None:
    with pytest.raises(DataError, match=r"report\.csv: no columns of order lines .* found 'Date', 'Order #'"):
        ingested("woocommerce", files={"report.csv": "Date,Order #,Product(s)\n2026-01-01,1,1x Tent\n"})


def test_products_and_their_variations(ingested: Ingest) -> None:
    found = ingested("woocommerce", "woocommerce/products.csv")
    assert [row["item_id"] for row in found.items] == ["007", "SOCK-R-M", "34"]
    assert found.item("007") == {
        "item_id": "007",
        "title": "Camping Stove",
        "category": "Outdoor > Camping > Stoves",
        "brand": "Fjell",
        "price": 29,
        "in_stock": True,
        "url": "/?p=31",
        "image_url": "https://shop.example/stove.jpg",
        "group_id": "31",
        "tags": "gas, light",
    }
    red, blue = found.item("SOCK-R-M"), found.item("34")
    assert (red["category"], red["brand"], red["group_id"]) == ("Clothing, warm > Socks", "Tropf", "32")
    assert (red["price"], red["in_stock"]) == (12.5, True)  # the sale has dates; it may be ordered without stock
    assert (red["image_url"], blue["image_url"]) == ("https://shop.example/red.jpg", "https://shop.example/socks.jpg")
    assert (blue["group_id"], blue["in_stock"]) == ("32", False)
    assert found.left_out == {
        "variable products: their parts are the items": 1,
        "private products and drafts": 1,
        "hidden products": 1,
        "grouped products: their parts are the items": 1,
    }


def test_orders_and_products_side_by_side(ingested: Ingest) -> None:
    found = ingested("woocommerce", ADVANCED, "woocommerce/products.csv")
    assert {row["item_id"] for row in found.events} >= {row["item_id"] for row in found.items[:2]}
