"""RetailRocket: https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset, unpacked

    events.csv              visitorid     user_id: a cookie, but one that lasts, and the set has no other
                            event         event (view, addtocart, transaction)
                            itemid        item_id
                            timestamp     timestamp (milliseconds)
                            transactionid order_id
    item_properties*.csv    categoryid    category, as the path of ids in category_tree.csv
                            available     in_stock
                            790           price ("n12000.000"); of each property the latest value counts
    category_tree.csv       the parents of categories

Names are hashed in this set, so that items have no titles. The properties are read once, to a few values per item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.ingest.columns import Column, compute
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.mapped import Rows, mapped, require_columns
from recommender.ingest.connectors.named_files import by_name
from recommender.ingest.connectors.texts import as_text
from recommender.ingest.sources import Batch, list_source, table_batch

FILES = {"events": "events.csv", "properties": "item_properties*.csv", "tree": "category_tree.csv"}
EVENTS = dict.fromkeys(("user_id", "item_id", "event", "timestamp", "order_id"), pa.string())
ITEMS = dict.fromkeys(("item_id", "category", "price", "in_stock"), pa.string())
THEIRS = ("timestamp", "visitorid", "event", "itemid", "transactionid")
KINDS = {"categoryid": "category", "790": "price", "available": "in_stock"}
MAX_DEPTH = 20


def tables(files: Sequence[Path]) -> Tables:
    """Return events, and the items that have properties."""
    found = by_name(files, FILES, ["events"])
    events = [mapped(list_source(path), EVENTS, THEIRS, (), _events) for path in found["events"]]
    if not found["properties"]:
        return Tables(events)
    return Tables(
        events, [Stream("item properties", tuple(ITEMS), partial(_items, found["properties"], found["tree"]))]
    )


def _events(theirs: Mapping[str, Column]) -> Rows:
    columns = {"user_id": "visitorid", "item_id": "itemid", "event": "event", "timestamp": "timestamp"}
    orders = as_text(theirs["transactionid"])
    taken = {ours: as_text(theirs[name]) for ours, name in columns.items()}
    return Rows({**taken, "order_id": orders}, np.arange(len(orders)))


def _items(properties: Sequence[Path], trees: Sequence[Path]) -> Iterator[Batch]:
    latest: dict[str, dict[str, tuple[int, str]]] = {kind: {} for kind in KINDS}
    for path in properties:
        _read_properties(path, latest)
    paths = _paths(trees)
    items = sorted(set().union(*latest.values()))
    categories = [paths(latest["categoryid"][item][1]) if item in latest["categoryid"] else None for item in items]
    prices = [latest["790"][item][1].removeprefix("n") if item in latest["790"] else None for item in items]
    stock = [latest["available"][item][1] if item in latest["available"] else None for item in items]
    arrays = [pa.array(values, pa.string()) for values in (items, categories, prices, stock)]
    yield table_batch(pa.RecordBatch.from_arrays(arrays, names=list(ITEMS)), 1)


def _read_properties(path: Path, latest: dict[str, dict[str, tuple[int, str]]]) -> None:
    source = list_source(path)
    names = ["timestamp", "itemid", "property", "value"]
    require_columns(source, names)
    for batch in source.batches(names):
        columns = [as_text(batch.columns.column(name)) for name in names]
        known = compute.is_in(columns[2], pa.array(list(KINDS)))
        for time, item, kind, value in zip(*(column.filter(known).to_pylist() for column in columns), strict=True):
            if time is not None and time.isdecimal() and item is not None and value is not None:
                found = latest[kind]
                if item not in found or found[item][0] <= int(time):
                    found[item] = (int(time), value)


class _Paths:
    def __init__(self, parents: Mapping[str, str]) -> None:
        self._parents = parents

    def __call__(self, category: str) -> str:
        """Return the path from the root to a category."""
        steps = [category]
        while (parent := self._parents.get(steps[0])) and parent not in steps and len(steps) < MAX_DEPTH:
            steps.insert(0, parent)
        return " > ".join(steps)


def _paths(trees: Sequence[Path]) -> _Paths:
    parents: dict[str, str] = {}
    for path in trees:
        source = list_source(path)
        require_columns(source, ["categoryid", "parentid"])
        for batch in source.batches(["categoryid", "parentid"]):
            child, parent = (as_text(column).to_pylist() for column in batch.columns.columns)
            parents.update({one: above for one, above in zip(child, parent, strict=True) if one and above})
    return _Paths(parents)


RETAILROCKET = Connector("retailrocket", "RetailRocket (Kaggle), its three kinds of CSV", (".csv", ".csv.gz"), tables)
