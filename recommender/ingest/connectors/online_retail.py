"""Online Retail and Online Retail II: https://archive.ics.uci.edu/dataset/352 and https://archive.ics.uci.edu/dataset/502

The workbooks (.xlsx, every sheet; needs the extra `excel`), or a sheet saved as CSV or Parquet.

    theirs, first set / second set       ours
    InvoiceNo / Invoice                  order_id; C… is a cancellation: event = return, else purchase
    StockCode                            item_id
    CustomerID / Customer ID             user_id; without one, the order is a guest's
    InvoiceDate                          timestamp; British time, read as UTC
    Quantity, UnitPrice / Price          quantity, price, in pounds
    Description                          title of the catalogue, the last one that is no remark of the warehouse

Product codes begin with five digits or with DCGS, and PADS is one; postage, bank charges, discounts, vouchers, samples
and corrections of bad debts are left out and counted by code. So are lines without a price, by which the warehouse
corrected its stock.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.excel import sheets
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.shopify_orders import OURS
from recommender.ingest.connectors.texts import cells
from recommender.ingest.sources import Batch, Source, list_source, table_batch
from recommender.ingest.sources.csv import CsvSource
from recommender.ingest.sources.opened import opened

NAMES = {
    "order": ("InvoiceNo", "Invoice"),
    "item": ("StockCode", "StockCode"),
    "title": ("Description", "Description"),
    "quantity": ("Quantity", "Quantity"),
    "date": ("InvoiceDate", "InvoiceDate"),
    "price": ("UnitPrice", "Price"),
    "user": ("CustomerID", "Customer ID"),
}
PRODUCT = re.compile(r"^(\d{5}|DCGS|PADS$)")
AMERICAN = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d)")
ITEMS = ("item_id", "title", "price")
EXCEL = (".xlsx", ".xls")
PROBE_BYTES = 8 << 20


@dataclass
class Titles:
    """The last title and price of each item met: filled while events are read, and the catalogue afterwards."""

    found: dict[str, tuple[str, str]] = field(default_factory=dict)

    def batches(self) -> Iterator[Batch]:
        """Give the catalogue."""
        titles, prices = ([pair[place] for pair in self.found.values()] for place in (0, 1))
        arrays = [pa.array(values, pa.string()) for values in ([*self.found], titles, prices)]
        yield table_batch(pa.RecordBatch.from_arrays(arrays, names=list(ITEMS)), 1)


def tables(files: Sequence[Path]) -> Tables:
    """Return the invoice lines of the files, and the items that they name."""
    titles = Titles()
    sources = [source for path in files for source in _sources(path)]
    catalogue = Stream("titles of the invoices", ITEMS, titles.batches)
    return Tables([_lines(source, titles) for source in sources], [catalogue])


def _sources(path: Path) -> Sequence[Source]:
    if path.name.lower().endswith(EXCEL):
        return sheets(path)
    source = list_source(path)
    return [CsvSource(path, str(path), _encoding(path)) if isinstance(source, CsvSource) else source]


def _encoding(path: Path) -> str:
    """Return the encoding of a CSV file; copies of the first set are often in Windows' Latin."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path, str(path)) as stream:
        try:
            while block := stream.read(PROBE_BYTES):
                decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _lines(source: Source, titles: Titles) -> Stream:
    have = source.columns()
    generation = next((age for age in (0, 1) if all(names[age] in have for names in NAMES.values())), None)
    if generation is None:
        wanted = " or ".join(", ".join(names[age] for names in NAMES.values()) for age in (0, 1))
        raise DataError(
            f"{source.name}: found the columns {', '.join(map(repr, have[:12]))}; Online Retail has {wanted}"
        )
    names = {ours: both[generation] for ours, both in NAMES.items()}

    def convert(theirs: Mapping[str, Column]) -> Rows:
        return invoice_lines({ours: cells(theirs[name]) for ours, name in names.items()}, titles)

    return mapped(source, OURS, list(names.values()), (), convert)


def invoice_lines(cell: Mapping[str, list[str]], titles: Titles) -> Rows:
    """Return the lines with products and a price, count the others, and remember what the products are called."""
    kept, left_out = [], Counter[str]()
    for row, (item, price) in enumerate(zip(cell["item"], cell["price"], strict=True)):
        if item and not PRODUCT.match(item):
            left_out[f"no product: {item[:20]}"] += 1
        elif _is_zero(price):
            left_out["no price: corrections of stock"] += 1
        else:
            kept.append(row)
            if item and cell["title"][row]:
                titles.found[item] = (cell["title"][row], price)

    def of(name: str) -> list[str]:
        return [cell[name][row] for row in kept]

    orders = of("order")
    return Rows(
        {
            "user_id": [user.removesuffix(".0") for user in of("user")],
            "item_id": of("item"),
            "event": ["return" if order[:1].upper() == "C" else "purchase" for order in orders],
            "timestamp": [_iso(date) for date in of("date")],
            "quantity": of("quantity"),
            "price": of("price"),
            "currency": ["GBP"] * len(kept),
            "order_id": orders,
        },
        np.array(kept, dtype=np.int64),
        left_out,
    )


def _is_zero(price: str) -> bool:
    try:
        return float(price) == 0
    except ValueError:
        return False


def _iso(date: str) -> str:
    """Return the first set's month/day/year as a date that everybody reads; others as they are."""
    found = AMERICAN.match(date)
    if not found:
        return date
    month, day, year, hour, minute = found.groups()
    return f"{year}-{int(month):02d}-{int(day):02d} {int(hour):02d}:{minute}"


ONLINE_RETAIL = Connector(
    "online-retail",
    "Online Retail and Online Retail II (UCI), Excel, CSV or Parquet",
    (*EXCEL, ".csv", ".csv.gz", ".parquet"),
    tables,
)
