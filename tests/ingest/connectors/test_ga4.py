from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.config import parse_config
from recommender.errors import DataError
from recommender.ingest import read_dataset
from tests.ingest.connectors.conftest import FIXTURES

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest

LINES = "ga4/events_20260501.jsonl"
ITEM = pa.struct({"item_id": pa.string(), "item_name": pa.string(), "price": pa.float64(), "quantity": pa.int64()})
BIGQUERY = pa.schema(
    {
        "event_date": pa.string(),
        "event_timestamp": pa.int64(),
        "event_name": pa.string(),
        "user_id": pa.string(),
        "user_pseudo_id": pa.string(),
        "ecommerce": pa.struct({"transaction_id": pa.string(), "unique_items": pa.int64()}),
        "items": pa.list_(ITEM),
    }
)


def as_parquet(path: Path) -> None:
    """Write the fixture as BigQuery exports the same table to Parquet: integers are integers."""
    events = [json.loads(line) for line in (FIXTURES / LINES).read_text().splitlines()]
    for event in events:
        event["event_timestamp"] = int(event["event_timestamp"])
        event["items"] = [{**item, "quantity": int(item.get("quantity", 1))} for item in event["items"]]
        if "ecommerce" in event:
            event["ecommerce"] = {**event["ecommerce"], "unique_items": 1}
    pq.write_table(pa.Table.from_pylist(events, schema=BIGQUERY), path)


def test_an_event_has_a_row_per_item(ingested: Ingest) -> None:
    found = ingested("ga4", LINES)
    assert found.events[2:4] == [
        {
            "user_id": "u1",
            "session_id": "1.1",
            "item_id": item,
            "event": "purchase",
            "timestamp": "2026-05-01 10:00:04",  # event_timestamp is microseconds, as text
            "quantity": quantity,
            "price": price,
            "currency": "EUR",
            "order_id": "T1",
            "event_id": f"purchase/T1/{place}/{item}",
        }
        for place, (item, quantity, price) in enumerate([("0042", 1, 249), ("STOVE", 2, 34)])
    ]
    assert found.events[0]["session_id"] == "1.1"
    assert "user_id" not in found.events[0]


def test_the_names_of_events_are_ours(ingested: Ingest) -> None:
    names = [row["event"] for row in ingested("ga4", LINES).events]
    assert set(names) == {"view", "add_to_cart", "purchase", "return", "add_to_wishlist"}


def test_what_is_no_event_of_an_item_is_counted_by_name(ingested: Ingest) -> None:
    found = ingested("ga4", LINES)
    assert found.left_out == {"session_start": 1, "view_item_list": 1, "view_item without item_id": 1}
    assert found.refused == {}
    assert all(row.get("order_id") != "(not set)" for row in found.events)


def test_a_thank_you_page_that_was_loaded_twice_counts_once(ingested: Ingest, tmp_path: Path) -> None:
    found = ingested("ga4", LINES)
    orders = [row for row in found.events if row.get("order_id") == "T1"]
    assert len(orders) == 4
    config = parse_config(
        {"data": {"events": "data/ga4-events.parquet"}, "event_weights": {"purchase": 1.0}}, folder=tmp_path
    )
    dataset, _ = read_dataset(config)
    assert (dataset.events.order >= 0).sum() == 4 + 1  # T1 twice and T3 twice, and the refund


def test_parquet_gives_the_same_rows(ingested: Ingest, tmp_path: Path) -> None:
    as_parquet(tmp_path / "table.parquet")
    lines = ingested("ga4", LINES)
    table = ingested("ga4", str(tmp_path / "table.parquet"))
    without_currency = [{name: value for name, value in row.items() if name != "currency"} for row in lines.events]
    assert table.events == without_currency
    assert table.left_out == lines.left_out


def test_a_folder_of_compressed_tables(ingested: Ingest, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"events_2026050{day}.json.gz").write_bytes(gzip.compress((FIXTURES / LINES).read_bytes()))
    (folder / "notes.md").write_text("not a table")
    found = ingested("ga4", str(folder))
    assert [source.read for source in found.report.events] == [18, 18]


def test_lines_that_are_no_events_are_refused_with_their_line(ingested: Ingest) -> None:
    good = (FIXTURES / LINES).read_text().splitlines()[1]
    found = ingested("ga4", files={"e.jsonl": f"{good}\n{{broken\n\n[1]\n{good}\n"})
    assert found.refused == {"bad_json": 2}
    refused = Path(found.report.refused_files["events"]).read_text().splitlines()
    assert [line.split(",")[1:3] for line in refused[1:]] == [["2", "bad_json"], ["4", "bad_json"]]


def test_odd_values_are_refused_and_not_guessed(ingested: Ingest) -> None:
    event = {"event_name": "view_item", "user_pseudo_id": "1", "event_timestamp": "1777629601000000"}
    lines = [
        {**event, "items": [{"item_id": 7}]},
        {**event, "event_timestamp": "yesterday", "items": [{"item_id": "a"}]},
        {**event, "items": [{"item_id": "b", "quantity": "many"}]},
        {**event, "items": [{"item_id": "b", "price": -1}]},
        {**event, "items": [{"item_id": "c"}], "user_pseudo_id": None},
        {**event, "items": [{"item_id": "d"}]},
        {**event, "items": [{"item_id": "e"}]},
        {**event, "items": [{"item_id": "f"}]},
    ]
    found = ingested("ga4", files={"e.jsonl": "\n".join(map(json.dumps, lines))})
    assert found.refused == {"bad_timestamp": 1, "bad_quantity": 1, "bad_price": 1, "missing_actor": 1}
    assert [row["item_id"] for row in found.events] == ["7", "d", "e", "f"]


def test_flattened_items_are_named(ingested: Ingest, tmp_path: Path) -> None:
    as_parquet(tmp_path / "table.parquet")
    table = pq.read_table(tmp_path / "table.parquet")
    flat = table.set_column(table.schema.get_field_index("items"), "items", pa.array(["x"] * len(table)))
    pq.write_table(flat, tmp_path / "flat.parquet")
    with pytest.raises(DataError, match=r"flat\.parquet: the column 'items' is string; in an export it is a list"):
        ingested("ga4", str(tmp_path / "flat.parquet"))


@pytest.mark.parametrize("name", ["other.parquet", "text.parquet"])
def test_other_parquet_files_are_named(ingested: Ingest, tmp_path: Path, name: str) -> None:
    if name == "other.parquet":
        pq.write_table(pa.table({"a": [1]}), tmp_path / name)
    else:
        (tmp_path / name).write_text("hello")
    with pytest.raises(DataError, match=f"{name}: (no column 'event_name'|can't be read as Parquet)"):
        ingested("ga4", str(tmp_path / name))
