"""Files of rows: read back they say the same, and they are whole or not there."""

from __future__ import annotations

import csv
import errno
import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import ConfigError, StoreError
from recommender.pipeline import row_files
from recommender.pipeline.row_files import FORMATS, rows_written

SCHEMA = pa.schema([("user_id", pa.string()), ("rank", pa.int32()), ("score", pa.float64())])
ROWS = [("007", 1, 0.25), ("a,b", 2, 0.0), ('say "hi"', 3, 1.0), ("ü\u2028x", 4, 0.1), ("🦊 ", 5, 0.3), ("'=1", 6, 0.9)]

each_format = pytest.mark.parametrize("ending", FORMATS)


def read(path: Path) -> list[tuple[object, ...]]:
    if path.suffix == ".parquet":
        return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]
    if path.suffix == ".jsonl":
        # JSON has no U+2028 escape here; only \n ends a line
        return [tuple(json.loads(line).values()) for line in path.read_text("utf-8").split("\n") if line]
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["user_id"], int(row["rank"]), float(row["score"])) for row in csv.DictReader(file)]


@each_format
def test_what_is_read_is_what_was_written(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "ROW_GROUP", 4)
    path = tmp_path / f"rows{ending.upper()}"
    with rows_written(path, SCHEMA) as write:
        write(ROWS[:2])
        write([])
        write(ROWS[2:])
        assert not path.exists()
    assert read(path.rename(tmp_path / f"rows{ending}")) == ROWS
    assert [entry.name for entry in tmp_path.iterdir()] == [f"rows{ending}"]


@each_format
def test_no_rows(tmp_path: Path, ending: str) -> None:
    with rows_written(tmp_path / f"rows{ending}", SCHEMA):
        pass
    assert read(tmp_path / f"rows{ending}") == []
    if ending == ".csv":
        assert (tmp_path / "rows.csv").read_text() == "user_id,rank,score\n"
    if ending == ".parquet":
        assert pq.read_schema(tmp_path / "rows.parquet").equals(SCHEMA)


def write_and_fail(path: Path) -> None:
    with rows_written(path, SCHEMA) as write:
        write(ROWS)
        raise ZeroDivisionError


@each_format
def test_one_that_is_there_is_replaced_or_stays(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError):
        write_and_fail(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with rows_written(path, SCHEMA) as write:
        write(ROWS)
    assert read(path) == ROWS


@contextmanager
def no_file_above(size_bytes: int) -> Iterator[None]:
    """Let the kernel refuse to write any file beyond a size: as on a full disk, `write` fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_in_parts(path: Path, rows: list[tuple[object, ...]]) -> None:
    with rows_written(path, SCHEMA) as write:
        for start in range(0, len(rows), 100):
            write(rows[start : start + 100])


@each_format
@pytest.mark.parametrize("room_bytes", [0, 10, 100, 9_000])
def test_a_full_disk_leaves_nothing(tmp_path: Path, ending: str, room_bytes: int) -> None:
    path = tmp_path / f"rows{ending}"
    many = [(f"user {n * 7919 % 10007}", n, 1 / (n + 1)) for n in range(20_000)]
    with pytest.raises(StoreError) as caught, no_file_above(room_bytes):
        write_in_parts(path, many)
    assert str(caught.value) == f"{path}: {os.strerror(errno.EFBIG)}; nothing was written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_no_space_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "rows.csv"
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StoreError, match="No space left on device"), rows_written(path, SCHEMA) as write:
            write(ROWS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["rows", "rows.xlsx", "rows.csv.gz", ".csv"])
def test_another_ending(tmp_path: Path, name: str) -> None:
    says = r"the ending tells the format; there are \.csv, \.parquet, \.jsonl"
    with pytest.raises(ConfigError, match=says), rows_written(tmp_path / name, SCHEMA):
        pass
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"rows\.csv: No such file or directory"):
        rows_written(tmp_path / "nowhere" / "rows.csv", SCHEMA).__enter__()
    (tmp_path / "rows.csv").mkdir()
    with pytest.raises(StoreError, match=r"rows\.csv: is a directory"):
        rows_written(tmp_path / "rows.csv", SCHEMA).__enter__()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"rows\.csv: Not a directory"):
        rows_written(tmp_path / "file" / "rows.csv", SCHEMA).__enter__()
