from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from recommender.errors import ConfigError, DataError
from recommender.ingest.connectors.instacart import days_before_last
from tests.ingest.connectors.conftest import FIXTURES

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest


def test_online_retail_tells_products_purchases_and_cancellations(ingested: Ingest) -> None:
    found = ingested("online-retail", "online-retail/first-set.csv")
    assert found.events[0] == {
        "user_id": "17850",
        "item_id": "85123A",
        "event": "purchase",
        "timestamp": "2010-12-01 08:26:00",
        "quantity": 6,
        "price": 2.55,
        "currency": "GBP",
        "order_id": "536365",
    }
    assert found.events[-1]["event"] == "return"
    assert (found.events[-1]["order_id"], found.events[-1]["quantity"]) == ("C536383", 1)
    assert found.left_out == {
        "no product: POST": 1,
        "no product: D": 1,
        "no product: B": 1,
        "no price: corrections of stock": 1,
    }
    assert found.item("22633") == {"item_id": "22633", "title": "HAND WARMER UNION JACK", "price": 2.1}
    assert found.item("DCGSSGIRL")["title"] == "GIRLS PARTY BAG"


def test_the_second_online_retail_names_its_columns_otherwise(ingested: Ingest) -> None:
    found = ingested("online-retail", "online-retail/second-set.csv")
    assert [(row["user_id"], row["item_id"], row["price"]) for row in found.events] == [
        ("13085", "21232", 1.25),
        ("13085", "22350", 2.55),
    ]


def test_a_copy_in_windows_latin_is_read_as_what_it_is(ingested: Ingest) -> None:
    text = (FIXTURES / "online-retail" / "first-set.csv").read_text().replace("WHITE METAL LANTERN", "CAFÉ LANTERN")
    found = ingested("online-retail", files={"data.csv": text.encode("cp1252")})
    assert found.item("71053")["title"] == "CAFÉ LANTERN"
    assert found.refused == {}


def test_the_workbook_is_read_with_all_its_sheets(ingested: Ingest, tmp_path: Path) -> None:
    book = workbook(tmp_path / "online_retail.xlsx")
    found = ingested("online-retail", str(book))
    assert [(row["user_id"], row["item_id"], row["timestamp"]) for row in found.events] == [
        ("17850", "85123", "2010-12-01 08:26:00"),  # numbers in the workbook, ids here
        ("17850", "85123A", "2011-12-01 08:26:00"),
    ]


def test_without_the_library_a_workbook_says_what_to_install(
    ingested: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = workbook(tmp_path / "online_retail.xlsx")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ConfigError, match=r"pip install 'alsobought\[excel\]', or save the sheet as CSV"):
        ingested("online-retail", str(book))


def test_what_is_no_workbook_is_named(ingested: Ingest) -> None:
    with pytest.raises(DataError, match=r"book\.xlsx: can't be read as an Excel workbook"):
        ingested("online-retail", files={"book.xlsx": "not one"})


def test_another_table_is_named(ingested: Ingest) -> None:
    with pytest.raises(DataError, match=r"x\.csv: found the columns 'a', 'b'; Online Retail has InvoiceNo"):
        ingested("online-retail", files={"x.csv": "a,b\n1,2\n"})


def test_retailrocket(ingested: Ingest) -> None:
    found = ingested("retailrocket", "retailrocket")
    assert found.events[2] == {
        "user_id": "257597",
        "item_id": "355908",
        "event": "purchase",
        "timestamp": "2015-06-02 05:05:00",
        "order_id": "4000",
    }
    assert [row["event"] for row in found.events[:2]] == ["view", "add_to_cart"]
    assert found.items == [
        {"item_id": "248676", "category": "1278 > 1338", "in_stock": True},  # the latest of two values
        {"item_id": "318965", "in_stock": False},
        {"item_id": "355908", "category": "1278 > 1338 > 1400", "price": 12000},
    ]


def test_instacart(ingested: Ingest) -> None:
    found = ingested("instacart", "instacart")
    times = {row["order_id"]: row["timestamp"] for row in found.events}
    assert times == {
        "2539329": "2017-06-01 08:00:00",  # 15 + 14 days before the last one
        "2398795": "2017-06-16 07:00:00",
        "1187899": "2017-06-30 10:00:00",  # everybody's last order
        "2168274": "2017-06-20 11:00:00",
        "1501582": "2017-06-30 10:00:00",
        "1374495": "2017-06-30 14:00:00",
    }
    assert {row["order_id"]: row["user_id"] for row in found.events}["1374495"] == "3"
    assert found.item("10258")["title"] == "Pistachios, Salted"
    assert found.item("10258")["category"] == "snacks > nuts seeds dried fruit"


def test_gaps_between_orders_in_any_order_of_rows() -> None:
    user, number = np.array([2, 1, 1, 2, 1]), np.array([2, 1, 3, 1, 2])
    days = np.array([10, 0, 14, 0, 15])
    assert days_before_last(user, number, days).tolist() == [0, -29, 0, -10, -14]


def test_instacart_lines_of_unknown_orders_are_refused(ingested: Ingest) -> None:
    lines = "order_id,product_id\n2539329,196\n99,196\n"
    found = ingested("instacart", "instacart/orders.csv", files={"order_products__prior.csv": lines})
    assert found.refused == {"bad_timestamp": 1}


def test_a_set_without_its_main_file_is_named(ingested: Ingest) -> None:
    with pytest.raises(DataError, match=r"instacart: orders\.csv is missing"):
        ingested("instacart", "instacart/products.csv")
    with pytest.raises(DataError, match=r"ratings\.csv is missing; read are ratings\.csv, ratings\.dat, u\.data"):
        ingested("movielens", "movielens/latest/movies.csv")


def test_movielens_in_csv(ingested: Ingest) -> None:
    found = ingested("movielens", "movielens/latest")
    assert len(found.events) == 10
    assert found.events[0] == {"user_id": "1", "item_id": "1", "event": "purchase", "timestamp": "2000-07-30 18:45:03"}
    assert found.left_out == {"ratings below 4": 1}
    assert found.item("3") == {
        "item_id": "3",
        "title": "Grumpier Old Men (1995)",
        "category": "Comedy",
        "genres": "Comedy|Romance",
    }
    assert found.item("6") == {"item_id": "6", "title": "Untitled"}


def test_the_older_movielens(ingested: Ingest) -> None:
    found = ingested("movielens", "movielens/1m")
    assert [(row["user_id"], row["item_id"]) for row in found.events] == [("1", "1193"), ("2", "1193")]
    assert found.refused == {"wrong_number_of_fields": 1}
    assert found.item("661")["title"] == "Léon (1994)"
    oldest = ingested("movielens", "movielens/100k")
    assert [row["user_id"] for row in oldest.events] == ["186"]
    assert oldest.item("302")["genres"] == "Crime|Film-Noir|Mystery|Thriller"


def test_a_rating_that_is_none_is_refused(ingested: Ingest) -> None:
    lines = "userId,movieId,rating,timestamp\n1,1,5,964982703\n1,2,good,964982703\n1,3,4,964982703\n"
    found = ingested("movielens", files={"ratings.csv": lines})
    assert found.refused == {"missing_event": 1}


def workbook(path: Path) -> Path:
    """Write a workbook of two sheets, as small as the format lets one be."""
    import zipfile

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    header = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    rows = [
        (536365, 85123, "HOLDER", 6, "2010-12-01 08:26:00", 2.55, 17850, "United Kingdom"),
        (536366, "85123A", "HOLDER", 6, "2011-12-01 08:26:00", 2.55, 17850, "United Kingdom"),
    ]

    def cell(value: object) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    def sheet(row: tuple[object, ...]) -> str:
        lines = "".join(f"<row>{''.join(map(cell, line))}</row>" for line in (header, row))
        return f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>'

    sheets = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in (1, 2))
    links = "".join(f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="s{n}.xml"/>' for n in (1, 2))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(f'<Override PartName="/s{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in (1, 2))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Override PartName="/workbook.xml" '
        f'ContentType="{kind}.sheet.main+xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r0" '
        f'Type="{office}/officeDocument" Target="workbook.xml"/></Relationships>',
        "workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{sheets}</sheets></workbook>',
        "_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        "s1.xml": sheet(rows[0]),
        "s2.xml": sheet(rows[1]),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path
