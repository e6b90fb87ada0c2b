"""Google Analytics 4, as BigQuery exports it (JSON lines or Parquet): https://support.google.com/analytics/answer/7029846

    theirs                                          ours
    event_name                                      event (view_item, add_to_cart, purchase, refund, … as everywhere)
    event_timestamp, microseconds as text           timestamp
    user_id                                         user_id
    user_pseudo_id, the browser's or app's id       session_id
    items[].item_id, .quantity, .price              item_id, quantity, price: a row per item
    ecommerce.transaction_id of purchase, refund    order_id
    event_params[key = "currency"]                  currency (JSON lines only)

Lists and banners that were merely shown (view_item_list, view_promotion, …), events without items, and items whose id
is "(not set)", Google's word for nothing, are left out and counted by name. Each row gets an event_id, so that tables
of a day and of its intraday copy, or a thank-you page that was loaded twice, count once: for purchases it is made of
the transaction, else of user_pseudo_id, event_timestamp, event_name and item_id.

Google gives a person two names, user_id after a login and user_pseudo_id always: before a login, a browser is a session
on its own here, as it is to the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.errors import DataError
from recommender.ingest.checks import Reason
from recommender.ingest.columns import Column, compute
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.objects import Gatherer, json_object, read_lines, text_of
from recommender.ingest.sources import Batch, Source, table_batch

OURS: dict[str, pa.DataType] = {
    "user_id": pa.string(),
    "session_id": pa.string(),
    "item_id": pa.string(),
    "event": pa.string(),
    "timestamp": pa.int64(),
    "quantity": pa.float64(),
    "price": pa.float64(),
    "currency": pa.string(),
    "order_id": pa.string(),
    "event_id": pa.string(),
}
SHOWN = ("view_item_list", "view_promotion", "select_promotion", "view_search_results")
ORDERS = ("purchase", "refund")
NOT_SET = "(not set)"
PARQUET_ENDINGS = (".parquet", ".pq")
PARQUET_ROWS = 20_000


def tables(files: Sequence[Path]) -> Tables:
    """Return the events of the files, each read by its ending."""
    return Tables([_source(path) for path in files])


def _source(path: Path) -> Source:
    read = from_parquet if path.name.lower().endswith(PARQUET_ENDINGS) else from_json_lines
    return Stream(str(path), tuple(OURS), partial(read, path))


def from_json_lines(path: Path) -> Iterator[Batch]:
    """Read a table that was exported as JSON, an event per line."""
    gathered = Gatherer(OURS)
    for line in read_lines(path, str(path)):
        event = json_object(line.text)
        if isinstance(event, dict):
            _add(event, line.number, gathered)
        else:
            gathered.refuse(line, Reason.BAD_JSON)
        if gathered.is_full:
            yield gathered.take()
    yield gathered.take()


def _add(event: Mapping[str, Any], line: int, gathered: Gatherer) -> None:
    """Add a row per item of an event."""
    name, items = event.get("event_name"), event.get("items")
    if not items or not isinstance(items, list) or name in SHOWN:
        gathered.left_out[str(name)] += 1
        return
    pseudo, micros = text_of(event.get("user_pseudo_id")), event.get("event_timestamp")
    time = int(micros) if isinstance(micros, str) and micros.isdecimal() else micros
    order = _order(event) if name in ORDERS else None
    user, currency = text_of(event.get("user_id")), _parameter(event, "currency")
    for place, item in enumerate(items):
        found = item if isinstance(item, dict) else {}
        item_id = _set(text_of(found.get("item_id")))
        if item_id is None:
            gathered.left_out[f"{name} without item_id"] += 1
            continue
        event_id = (
            f"purchase/{order}/{place}/{item_id}"
            if order and name == "purchase"
            else f"{pseudo}/{micros}/{name}/{item_id}"
        )
        quantity, price = _number(found.get("quantity")), _number(found.get("price"))
        gathered.add(line, (user, pseudo, item_id, name, time, quantity, price, currency, order, event_id))


def _order(event: Mapping[str, Any]) -> str | None:
    ecommerce = event.get("ecommerce")
    return _set(text_of(ecommerce.get("transaction_id"))) if isinstance(ecommerce, dict) else None


def _parameter(event: Mapping[str, Any], key: str) -> str | None:
    parameters = event.get("event_params")
    for parameter in parameters if isinstance(parameters, list) else ():
        if isinstance(parameter, dict) and parameter.get("key") == key:
            value = parameter.get("value")
            return text_of(value.get("string_value")) if isinstance(value, dict) else None
    return None


def _number(value: Any) -> Any:
    """Return a number that BigQuery wrote as text; anything else stays, for the checks to judge."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _set(text: str | None) -> str | None:
    return None if text == NOT_SET else text


def from_parquet(path: Path) -> Iterator[Batch]:
    """Read a table that was exported as Parquet, an event per row."""
    try:
        with pq.ParquetFile(path) as file:
            yield from _parquet_batches(file, path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: can't be read as Parquet: {str(error).splitlines()[0]}") from None


def _parquet_batches(file: pq.ParquetFile, path: Path) -> Iterator[Batch]:
    needed = ["event_name", "event_timestamp", "user_id", "user_pseudo_id", "items"]
    missing = [name for name in needed if name not in file.schema_arrow.names]
    if missing:
        raise DataError(f"{path}: no column {missing[0]!r}; this is no BigQuery export of Google Analytics 4")
    items = file.schema_arrow.field("items").type
    if not (
        pa.types.is_list(items)
        and pa.types.is_struct(items.value_type)
        and items.value_type.get_field_index("item_id") >= 0
    ):
        raise DataError(f"{path}: the column 'items' is {items}; in an export it is a list of structures with item_id")
    wanted = [*needed, *(["ecommerce"] if "ecommerce" in file.schema_arrow.names else [])]
    first = 1
    for events in file.iter_batches(batch_size=PARQUET_ROWS, columns=wanted):
        yield exploded(events, first)
        first += events.num_rows


def exploded(events: pa.RecordBatch, first: int) -> Batch:
    """Return a row per item of some events, of which the first has the number `first`."""
    names = events.column("event_name")
    items: Any = events.column("items")
    counts = compute.fill_null(compute.list_value_length(items), 0)
    taken = compute.and_(compute.greater(counts, 0), compute.invert(compute.is_in(names, pa.array(SHOWN))))
    left_out = Counter(map(str, names.filter(compute.invert(taken)).to_pylist()))
    numbers = np.arange(first, first + events.num_rows)[np.asarray(taken)]
    events = events.filter(taken)
    origin, found, nameless = _items(events)
    left_out += nameless

    def of_event(name: str) -> Column:
        return events.column(name).take(origin)

    def of_item(name: str) -> Column:
        has = found.type.get_field_index(name) >= 0
        return found.field(name) if has else pa.nulls(len(found))

    event, micros, pseudo = of_event("event_name"), of_event("event_timestamp"), of_event("user_pseudo_id")
    item_id = found.field("item_id")
    order = compute.if_else(compute.is_in(event, pa.array(ORDERS)), _transactions(events).take(origin), None)
    places = pa.array(_places(np.asarray(origin))).cast(pa.string())
    is_order = compute.and_(compute.equal(event, "purchase"), order.is_valid())
    event_id = compute.if_else(
        compute.fill_null(is_order, False),
        _joined("purchase", order, places, item_id),
        _joined(pseudo, micros.cast(pa.string()), event, item_id),
    )
    columns = {
        "user_id": of_event("user_id"),
        "session_id": pseudo,
        "item_id": item_id,
        "event": event,
        "timestamp": micros,
        "quantity": of_item("quantity").cast(pa.float64()),
        "price": of_item("price").cast(pa.float64()),
        "currency": pa.nulls(len(found), pa.string()),
        "order_id": order,
        "event_id": event_id,
    }
    batch = table_batch(pa.RecordBatch.from_pydict(columns), 1)
    return Batch(batch.columns, numbers[np.asarray(origin)], batch.row_text, (), left_out)


def _items(events: pa.RecordBatch) -> tuple[Column, Column, Counter[str]]:
    """Return the event that each item with an id belongs to, these items, and how many of which events have none."""
    items: Any = events.column("items")
    origin, found = compute.list_parent_indices(items), items.flatten()
    text = found.field("item_id").cast(pa.string())
    is_set = compute.fill_null(compute.not_equal(text, NOT_SET), False)
    names = events.column("event_name").take(origin.filter(compute.invert(is_set))).to_pylist()
    return origin.filter(is_set), found.filter(is_set), Counter(f"{name} without item_id" for name in names)


def _transactions(events: pa.RecordBatch) -> Column:
    if "ecommerce" not in events.schema.names:
        return pa.nulls(events.num_rows, pa.string())
    return _set_text(compute.struct_field(events.column("ecommerce"), "transaction_id"))


def _set_text(column: Column) -> Column:
    text = column.cast(pa.string())
    return compute.if_else(compute.equal(text, NOT_SET), None, text)


def _joined(*parts: Any) -> Column:
    return compute.binary_join_element_wise(*parts, "/", null_handling="replace", null_replacement="None")


def _places(origin: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the place of each row among those of the same event, from 0; `origin` is sorted."""
    return np.arange(len(origin)) - np.searchsorted(origin, origin)


GA4 = Connector(
    "ga4",
    "Google Analytics 4: the BigQuery export, JSON lines or Parquet",
    (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".ndjson", ".ndjson.gz", *PARQUET_ENDINGS),
    tables,
)
