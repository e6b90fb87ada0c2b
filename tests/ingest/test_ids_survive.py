"""Ids are strings from the first byte, through every kind of source."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine

from recommender.config import parse_config
from recommender.dataset import Dataset
from recommender.errors import DataError
from recommender.ingest import read_dataset

if TYPE_CHECKING:
    from conftest import Read

AWKWARD = [
    "007",
    "NA",
    "null",
    "NaN",
    "None",
    "9007199254740993",
    "a/b",
    "a,b",
    '5" pipe',
    "🛒",
    "é",
    "17850.0",
    " x ",
    "-1",
]

LEGAL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    lambda text: len(text.encode()) <= 256
)


def as_csv(ids: list[str], line_end: str = "\n", bom: str = "") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(["user_id", "item_id"])
    writer.writerows([text, text] for text in ids)
    return (bom + out.getvalue()).encode()


def ids_of(dataset: Dataset) -> list[str]:
    items = dataset.items.ids_of(dataset.events.item)
    assert dataset.users.ids_of(dataset.events.user) == items
    return items


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_csv(read: Read, line_end: str, bom: str) -> None:
    dataset, _ = read({"events.csv": as_csv(AWKWARD, line_end, bom)})
    assert ids_of(dataset) == AWKWARD


def test_gzip(read: Read) -> None:
    dataset, _ = read({"events.csv.gz": gzip.compress(as_csv(AWKWARD))}, events="events.csv.gz")
    assert ids_of(dataset) == AWKWARD


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary()])
def test_parquet(read: Read, tmp_path: Path, kind: pa.DataType) -> None:
    column = pa.array(AWKWARD).cast(kind)
    pq.write_table(pa.table({"user_id": column, "item_id": column}), tmp_path / "events.parquet")
    dataset, _ = read(events="events.parquet")
    assert ids_of(dataset) == AWKWARD


def test_pandas_and_arrow(read: Read) -> None:
    frame = pd.DataFrame({"user_id": AWKWARD, "item_id": pd.Categorical(AWKWARD)})
    assert ids_of(read(tables={"events": frame})[0]) == AWKWARD
    assert ids_of(read(tables={"events": pa.table({"user_id": AWKWARD, "item_id": AWKWARD})})[0]) == AWKWARD


def test_sqlite_and_postgresql(read: Read, tmp_path: Path, postgres: str) -> None:
    table = Table("awkward", MetaData(), Column("user_id", String), Column("item_id", String))
    for url in (f"sqlite:///{tmp_path}/shop.db", postgres.replace("postgresql:", "postgresql+psycopg:")):
        engine = create_engine(url)
        with engine.begin() as connection:
            table.create(connection)
            connection.execute(table.insert(), [{"user_id": text, "item_id": text} for text in AWKWARD])
        engine.dispose()
    for url in ("sqlite:///shop.db", postgres):
        dataset, _ = read(events=url, events_query="SELECT user_id, item_id FROM awkward")
        assert ids_of(dataset) == AWKWARD


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LEGAL, min_size=1, max_size=20))
def test_any_legal_id_survives_csv_and_parquet(tmp_path: Path, ids: list[str]) -> None:
    (tmp_path / "events.csv").write_bytes(as_csv(ids))
    pq.write_table(pa.table({"user_id": ids, "item_id": ids}), tmp_path / "events.parquet")
    for name in ("events.csv", "events.parquet"):
        dataset, _ = read_dataset(parse_config({"data": {"events": name}}, folder=tmp_path))
        assert ids_of(dataset) == ids


def test_the_id_map_is_in_byte_order_and_holds_each_id_once(read: Read) -> None:
    dataset, _ = read({"events.csv": as_csv([*AWKWARD, *AWKWARD])})
    assert [bytes(text) for text in dataset.items] == sorted(text.encode() for text in AWKWARD)


def test_numbers_become_their_digits_and_integral_floats_lose_the_point_once_said(read: Read) -> None:
    users = [17850.0, np.nan, 2.0]
    frame = pd.DataFrame(
        {"user_id": users, "session_id": ["s", "s", "s"], "item_id": np.array([7, 8, 9], dtype=np.int16)}
    )
    dataset, report = read(tables={"events": frame})
    assert [bytes(text) for text in dataset.users] == [b"17850", b"2"]
    assert dataset.items.ids_of(dataset.events.item) == ["7", "8", "9"]
    assert [note for note in report.notices if "decimal point" in note] == [
        "events: user_id: numbers with a decimal point are read without it (17850.0 is 17850)"
    ]


def test_floats_that_can_not_be_ids_are_refused(read: Read) -> None:
    frame = pd.DataFrame({"user_id": [1.0, 1.5, 2.0**53, -(2.0**60), np.inf], "item_id": ["a"] * 5})
    dataset, report = read(tables={"events": frame})
    assert len(dataset.events) == 1
    assert report.events[0].refused == {"id_not_integral": 1, "id_beyond_2_53": 3}


def test_large_integers_stay_exact(read: Read) -> None:
    dataset, _ = read(tables={"events": pd.DataFrame({"user_id": [9007199254740993], "item_id": [2**63 - 1]})})
    assert (dataset.users.id_of(0), dataset.items.id_of(0)) == ("9007199254740993", str(2**63 - 1))


def test_mixed_python_values_become_text(read: Read) -> None:
    frame = pd.DataFrame({"user_id": ["a", 7, None], "session_id": ["s"] * 3, "item_id": ["x"] * 3})
    dataset, _ = read(tables={"events": frame})
    assert [bytes(text) for text in dataset.users] == [b"7", b"a"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 257, "id_too_long"),
        ("é" * 129, "id_too_long"),
        ("a\x07", "id_with_control_characters"),
        ("a\nb", "id_with_control_characters"),
    ],
)
def test_ids_too_long_or_with_control_characters_are_refused(read: Read, text: str, reason: str) -> None:
    for files, tables in (
        ({"events.csv": as_csv([text])}, None),
        (None, {"events": pa.table({"user_id": [text], "item_id": ["i"]})}),
    ):
        dataset, report = read(files, tables=tables)
        assert len(dataset.events) == 0
        assert report.events[0].refused == {reason: 1}


def test_256_bytes_are_legal(read: Read) -> None:
    assert ids_of(read({"events.csv": as_csv(["é" * 128])})[0]) == ["é" * 128]


def test_white_space_at_the_ends_is_kept_and_said(read: Read) -> None:
    _, report = read({"events.csv": as_csv([" x", "y"])})
    assert "events: item_id: some ids begin or end with white space, which is kept as part of the id" in report.notices


def test_invalid_utf8_in_parquet_refuses_the_row(read: Read, tmp_path: Path) -> None:
    broken = pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"user_id": broken, "item_id": ["a", "b"]}), tmp_path / "events.parquet")
    dataset, report = read(events="events.parquet")
    assert len(dataset.events) == 1
    assert report.events[0].refused == {"invalid_utf8": 1}


def test_lists_are_no_ids(read: Read) -> None:
    with pytest.raises(DataError, match=r"events table: a column of the type list<.*> holds no ids"):
        read(tables={"events": pa.table({"user_id": [["a"]], "item_id": ["a"]})})
