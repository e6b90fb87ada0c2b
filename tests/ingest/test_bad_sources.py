"""Each thing that is wrong with a source as a whole gets one clear sentence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from recommender.errors import ConfigError, DataError

if TYPE_CHECKING:
    from conftest import Read

NOTHING_LIKE_A_TABLE = object()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "events.csv: is empty; it needs a header and rows"),
        (b"\n\r\n", "events.csv: is empty; it needs a header and rows"),
        (b"user_id,item_id\n", "events.csv: has no rows"),
        (b"user_id,item_id", "events.csv: has no rows"),
        ("user_id,item_id\nu,i\n".encode("utf-16"), "events.csv: is UTF-16 text; save it as UTF-8"),
        (bytes(range(256)), "events.csv: is binary, not CSV text; give a CSV file in UTF-8, or Parquet as .parquet"),
        (b"PAR1\0\0", "events.csv: is a Parquet file; give it the ending .parquet"),
        (b"user_\xff,item_id\n", "events.csv: its header is not UTF-8 text; save the file as CSV in UTF-8"),
        (
            b'"user_id,item_id\nu,i\n',
            "events.csv: the quotes of its header never end; write it as CSV with one header line",
        ),
        (
            b"user_id,item_id,item_id\nu,i,i\n",
            "events.csv: the column 'item_id' stands there twice; rename one of them",
        ),
        (
            b"user_id,Item ID,event\nu,i,view\n",
            "events.csv: no column 'item_id'; found 'user_id', 'Item ID', 'event'; "
            'set item_id = "Item ID" under [data.events_columns]',
        ),
        (
            b"item_id,event\ni,view\n",
            "events.csv: no column 'user_id' or 'session_id' or 'order_id'; found 'item_id', 'event'; "
            'set user_id = "its name" under [data.events_columns]',
        ),
    ],
)
def test_files_that_are_no_events(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read({"events.csv": content})
    assert str(caught.value) == message


def test_a_damaged_gzip_file(read: Read) -> None:
    whole = gzip.compress(b"user_id,item_id\n" + b"u,i\n" * 10_000)
    for damaged in (whole[:-20], whole[:10] + b"rubbish"):
        with pytest.raises(DataError, match=r"events.csv.gz: the gzip file is damaged or cut off"):
            read({"events.csv.gz": damaged}, events="events.csv.gz")


def test_a_file_that_is_not_there(read: Read, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing.csv: no such file; data.events names it"):
        read(events="nothing.csv")
    with pytest.raises(DataError, match=r"\*.csv: no file matches this pattern; data.catalogue names it"):
        read(catalogue="*.csv", tables={"events": pd.DataFrame({"user_id": ["u"], "item_id": ["i"]})})


def test_a_directory(read: Read, tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    with pytest.raises(DataError, match=r"days: is a directory; name the files in it, for example .*days/\*.parquet"):
        read(events="days")


def test_a_pipe(read: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events.csv")
    with pytest.raises(DataError, match=r"events.csv: is a pipe, socket or device; write the rows to a file"):
        read()


def test_an_unknown_ending(read: Read) -> None:
    with pytest.raises(DataError, match=r"events.xlsx: the ending tells what a file is; known are .csv, .csv.gz"):
        read({"events.xlsx": b"PK"}, events="events.xlsx")


def test_parquet_that_is_none(read: Read) -> None:
    with pytest.raises(DataError, match=r"events.parquet: can't be read as Parquet: .*magic bytes"):
        read({"events.parquet": b"user_id,item_id\nu,i\n" * 10}, events="events.parquet")


def test_parquet_with_damaged_pages(read: Read, tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": [f"user {i * 7919 % 10007}" for i in range(10_000)], "item_id": "i"})
    frame.to_parquet(tmp_path / "whole.parquet")
    content = bytearray((tmp_path / "whole.parquet").read_bytes())
    content[4:2000] = bytes(1996)
    with pytest.raises(DataError, match=r"events.parquet: is damaged after row 0"):
        read({"events.parquet": bytes(content)}, events="events.parquet")


def test_a_column_that_shop_toml_names_but_is_not_there(read: Read) -> None:
    with pytest.raises(
        DataError, match=r"no column 'when'; found .*; set timestamp = \"wann\" under \[data.events_columns\]"
    ):
        read({"events.csv": "user_id,item_id,wann\nu,i,1\n"}, events_columns={"timestamp": "when"})


@pytest.mark.parametrize(
    ("column", "value"), [("timestamp", True), ("quantity", True), ("price", pd.Timestamp("2024-01-01"))]
)
def test_columns_of_a_hopeless_type(read: Read, column: str, value: Any) -> None:
    with pytest.raises(DataError, match=r"events table: a column of the type .* holds no (times|numbers)"):
        read(tables={"events": pd.DataFrame({"user_id": ["u"], "item_id": ["i"], column: [value]})})


def test_what_is_no_table(read: Read) -> None:
    with pytest.raises(DataError, match="events table: object is not a table"):
        read(tables={"events": NOTHING_LIKE_A_TABLE})


def test_an_empty_list_and_a_query_without_a_database(read: Read) -> None:
    with pytest.raises(ConfigError, match=r"data.events is an empty list"):
        read(events=[])
    with pytest.raises(ConfigError, match=r"data.events_query is given but data.events is a file"):
        read({"events.csv": "user_id,item_id\nu,i\n"}, events_query="SELECT 1")
