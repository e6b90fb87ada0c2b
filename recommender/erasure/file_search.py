"""Is an id still in a file? Each kind of file is opened as what it is: compressed pages hide what they hold."""

from __future__ import annotations

import gzip
import mmap
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommender.dataset import IdMap
from recommender.erasure.wanted import Wanted

OF_ITEMS = ("item_id", "anchor_id")
"""Columns of items: an item may bear the id of a user."""
CATALOGUES, ITEM_IDS = ("catalogue.parquet", "catalogue.arrow"), "items"
CHUNK = 1 << 22
REFUSED_ROWS = b"source,line,reason,row"
"""The header of refused rows, which may be of users."""
SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that still names the person, and where in it."""

    path: str
    where: str

    def to_dict(self) -> dict[str, str]:
        """Return the hit as JSON types."""
        return asdict(self)


def search(path: Path, wanted: Wanted) -> Hit | None:
    """Return what a file still has of a person, None where there is nothing.

    Parquet is read column by column, gzip unpacked, the blobs of id maps looked up, tables of SQLite read, and its free
    pages and write-ahead log looked at as bytes. Arrays of numbers hold no ids, catalogues none of users. Other
    files are read as bytes; there an id of fewer than six characters could be anything and is not looked for, unless
    it is a table of users by its header.
    """
    if path.name in CATALOGUES:
        return None
    with path.open("rb") as file:
        head = file.read(len(SQLITE))
    looks: Callable[[Path, Wanted], str | None] = _in_bytes
    if head == SQLITE:
        looks = _in_sqlite
    elif path.suffix == ".npy":
        looks = _in_array
    elif head[:4] == b"PAR1":
        looks = _in_parquet
    elif head[:2] == b"\x1f\x8b":
        looks = _in_gzip
    where = looks(path, wanted)
    return None if where is None else Hit(str(path), where)


def _in_array(path: Path, wanted: Wanted) -> str | None:
    name, _, part = path.stem.rpartition("-")
    if name == ITEM_IDS or part == "offsets":
        return None
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    offsets = path.with_name(f"{name}-offsets.npy")
    if part == "blob" and offsets.exists():
        ids = IdMap(array, np.load(offsets, mmap_mode="r", allow_pickle=False))
        known = [one for one in wanted.ids if ids.index_of(one) is not None]
        return f"the {name}' ids" if known else None
    return None if array.dtype.kind in "biuf" else _in_bytes(path, wanted)


def _in_parquet(path: Path, wanted: Wanted) -> str | None:
    with pq.ParquetFile(path) as file:
        for key, value in (file.metadata.metadata or {}).items():
            if key != b"ARROW:schema" and wanted.pattern.search(value):
                return f"the metadata {key.decode(errors='replace')}"
        names = [name for name in file.schema_arrow.names if name not in OF_ITEMS]
        for batch in file.iter_batches(columns=names):
            for name, column in zip(names, batch.columns, strict=True):
                if _column_names(column, wanted):
                    return f"column {name}"
    return None


def _column_names(column: Any, wanted: Wanted) -> bool:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    return bool(pc.any(pc.is_in(column, pa.array(wanted.ids, column.type))).as_py())


def _in_gzip(path: Path, wanted: Wanted) -> str | None:
    with gzip.open(path) as stream:
        return _in_stream(iter(lambda: stream.read(CHUNK), b""), wanted)


def _in_bytes(path: Path, wanted: Wanted) -> str | None:
    with path.open("rb") as stream:
        return _in_stream(iter(lambda: stream.read(CHUNK), b""), wanted)


def _in_stream(chunks: Iterator[bytes], wanted: Wanted) -> str | None:
    """Look through text; an id may lie across the border of two chunks."""
    overlap = 6 * max(len(one.encode()) for one in wanted.ids) + 2
    before, done, pattern = b"", 0, wanted.distinctive
    for chunk in chunks:
        text = before + chunk
        if not done and _is_table_of_users(text):
            pattern = wanted.pattern
        if pattern is not None and (found := pattern.search(text)):
            return f"byte {done - len(before) + found.start():,}"
        done += len(chunk)
        before = text[-overlap:]
    return None


def _is_table_of_users(text: bytes) -> bool:
    first = text.split(b"\n", 1)[0]
    return b"user_id" in first or b"session_id" in first or first.strip() == REFUSED_ROWS


def _in_sqlite(path: Path, wanted: Wanted) -> str | None:
    longer: dict[str, set[bytes]] = {one: set() for one in wanted.ids}
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        for table, column in _columns(connection):
            for one in wanted.ids:
                values = _values_with(connection, table, column, one)
                if one in values and column not in OF_ITEMS:
                    return f"table {table}, column {column}"
                longer[one] |= {value.encode() for value in values}
    sides = [path, path.with_name(f"{path.name}-wal")]
    for one, known in longer.items():
        if any(_has_spare(side, one.encode(), known) for side in sides if side.exists()):
            return "pages that no row uses"
    return None


def _columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [(table, row[1]) for (table,) in tables for row in connection.execute(f'PRAGMA table_info("{table}")')]


def _values_with(connection: sqlite3.Connection, table: str, column: str, text: str) -> set[str]:
    """Return the distinct values of a column that contain a text."""
    value = f'CAST("{column}" AS TEXT)'  # names as the schema has them
    query = f'SELECT DISTINCT {value} FROM "{table}" WHERE instr({value}, ?) > 0'  # noqa: S608
    rows = connection.execute(query, (text,))
    return {row[0] for row in rows}


def _has_spare(path: Path, text: bytes, values: set[bytes]) -> bool:
    """Tell whether a file has a text somewhere that is no part of a value of its rows, moved or not."""
    if not path.stat().st_size:
        return False
    shapes = {(value.find(text), len(value)) for value in values}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(text)
        while at >= 0:
            if not any(at >= before and content[at - before : at - before + n] in values for before, n in shapes):
                return True
            at = content.find(text, at + 1)
    return False
