"""Instacart Market Basket Analysis: https://www.kaggle.com/c/instacart-market-basket-analysis, unpacked

    orders.csv                  order_id, user_id                       order_id, user_id
                                order_number, days_since_prior_order,   timestamp, see below
                                order_hour_of_day
    order_products__*.csv       product_id                              item_id; a row per line, event = purchase
    products.csv                product_id, product_name                item_id, title
      with aisles.csv, departments.csv                                  category "department > aisle"

The set has no dates, only the days between a user's orders (30 stands for 30 and more). So every user's last order is
put on 2017-06-30, and the others before it by these gaps: intervals are true, simultaneity is not, and "trending" says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.errors import DataError
from recommender.ingest.columns import Column, read_numbers
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.mapped import Rows, mapped, require_columns
from recommender.ingest.connectors.named_files import by_name
from recommender.ingest.connectors.texts import as_text
from recommender.ingest.sources import list_source

FILES = {
    "orders": "orders.csv",
    "lines": "order_products__*.csv",
    "products": "products.csv",
    "aisles": "aisles.csv",
    "departments": "departments.csv",
}
EVENTS: dict[str, pa.DataType] = {
    "user_id": pa.string(),
    "item_id": pa.string(),
    "event": pa.string(),
    "timestamp": pa.int64(),
    "order_id": pa.string(),
}
ITEMS = dict.fromkeys(("item_id", "title", "category"), pa.string())
ORDERS = ("order_id", "user_id", "order_number", "days_since_prior_order", "order_hour_of_day")
LAST_DAY = 1_498_780_800
"""2017-06-30T00:00:00Z in seconds since 1970."""
DAY, HOUR = 86_400, 3_600


def tables(files: Sequence[Path]) -> Tables:
    """Return the lines of all orders, and the products."""
    found = by_name(files, FILES, ["orders", "lines"])
    orders = Orders(found["orders"][0])
    events = [
        mapped(list_source(path), EVENTS, ["order_id", "product_id"], (), partial(_lines, orders=orders))
        for path in found["lines"]
    ]
    return Tables(events, [_products(path, found) for path in found["products"]])


@dataclass
class Orders:
    """Who ordered when: about 40 bytes an order, read when the first line is met."""

    path: Path

    @cached_property
    def _known(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        columns = np.concatenate(list(self._columns()), axis=1)
        order, user, number, days, hour = columns
        times = LAST_DAY + DAY * days_before_last(user, number, days) + HOUR * hour
        by_id = np.argsort(order, kind="stable")
        return order[by_id], user[by_id], times[by_id]

    def _columns(self) -> Iterator[NDArray[np.int64]]:
        source = list_source(self.path)
        require_columns(source, ORDERS)
        for batch in source.batches(ORDERS):
            numbers = [read_numbers(batch.columns.column(name)) for name in ORDERS]
            wrong = np.logical_or.reduce([bad for _, bad in numbers])
            if wrong.any():
                line = int(batch.lines[np.flatnonzero(wrong)[0]])
                raise DataError(f"{self.path}: line {line}: the columns {', '.join(ORDERS)} hold whole numbers")
            yield np.array([np.nan_to_num(values) for values, _ in numbers], dtype=np.int64)

    def find(self, orders: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return user and time of each order, and which orders are known at all."""
        ids, users, times = self._known
        place = np.minimum(np.searchsorted(ids, orders), len(ids) - 1)
        return users[place], times[place], ids[place] == orders


def days_before_last(user: NDArray[np.int64], number: NDArray[np.int64], days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many days each order lies from its user's last one, 0 or negative; `days` are since the one before."""
    by_time = np.lexsort((number, user))
    sums = np.cumsum(days[by_time])
    last_row = np.flatnonzero(np.append(user[by_time][1:] != user[by_time][:-1], True))
    size = np.diff(np.concatenate(([-1], last_row)))
    distance = np.empty_like(sums)
    distance[by_time] = sums - np.repeat(sums[last_row], size)
    return distance


def _lines(theirs: Mapping[str, Column], orders: Orders) -> Rows:
    numbers, bad = read_numbers(theirs["order_id"])
    users, times, known = orders.find(np.nan_to_num(numbers).astype(np.int64))
    known &= ~bad
    order_id = as_text(theirs["order_id"])
    return Rows(
        {
            "user_id": pa.array(users, mask=~known).cast(pa.string()),
            "item_id": as_text(theirs["product_id"]),
            "event": pa.repeat("purchase", len(order_id)),
            "timestamp": pa.array(times, mask=~known),
            "order_id": order_id,
        },
        np.arange(len(order_id)),
    )


def _products(path: Path, found: Mapping[str, Sequence[Path]]) -> Stream:
    aisles = _names(found["aisles"], "aisle_id", "aisle")
    departments = _names(found["departments"], "department_id", "department")

    def convert(theirs: Mapping[str, Column]) -> Rows:
        steps = [
            [names.get(key) for key in as_text(theirs[column]).to_pylist()]
            for names, column in ((departments, "department_id"), (aisles, "aisle_id"))
        ]
        category = [" > ".join(filter(None, pair)) or None for pair in zip(*steps, strict=True)]
        ids = as_text(theirs["product_id"])
        columns = {"item_id": ids, "title": as_text(theirs["product_name"]), "category": category}
        return Rows(columns, np.arange(len(ids)))

    return mapped(list_source(path), ITEMS, ["product_id", "product_name"], ["aisle_id", "department_id"], convert)


def _names(paths: Sequence[Path], key: str, name: str) -> dict[str | None, str | None]:
    names: dict[str | None, str | None] = {}
    for path in paths:
        source = list_source(path)
        require_columns(source, [key, name])
        for batch in source.batches([key, name]):
            keys, values = (as_text(batch.columns.column(column)).to_pylist() for column in (key, name))
            names.update(zip(keys, values, strict=True))
    return names


INSTACART = Connector(
    "instacart", "Instacart Market Basket Analysis (Kaggle), its CSV files", (".csv", ".csv.gz"), tables
)
