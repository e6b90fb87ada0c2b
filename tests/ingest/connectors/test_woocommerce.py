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
