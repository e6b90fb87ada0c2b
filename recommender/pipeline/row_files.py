"""Files of rows as other programs take them, CSV, Parquet or JSON lines: whole under their name, or not there."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.errors import ConfigError
from recommender.pipeline.whole_file import whole_file

Write: TypeAlias = Callable[[Sequence[tuple[Any, ...]]], object]
"""Takes some more rows."""

ROW_GROUP = 100_000


@contextmanager
def rows_written(path: Path, schema: pa.Schema) -> Iterator[Write]:
    """Yield what takes the rows; the file is there, synced, once the block has ended, and as before if it fails.

    Raises
    ------
    ConfigError
        If the ending is none of FORMATS.
    StoreError
        As `whole_file`.
    """
    rows_to = format_of(path)
    with whole_file(path) as stream, rows_to(stream, schema) as write:
        yield write


def format_of(path: Path) -> Callable[[IO[bytes], pa.Schema], AbstractContextManager[Write]]:
    """Return what writes the format that a file's ending names; raises ConfigError where that is none of FORMATS."""
    rows_to = FORMATS.get(path.suffix.lower())
    if rows_to is None:
        raise ConfigError(f"{path}: the ending tells the format; there are {', '.join(FORMATS)}")
    return rows_to


@contextmanager
def _csv(stream: IO[bytes], schema: pa.Schema) -> Iterator[Write]:
    writer = csv.writer(codecs.getwriter("utf-8")(stream), lineterminator="\n")
    writer.writerow(schema.names)
    yield writer.writerows


@contextmanager
def _json_lines(stream: IO[bytes], schema: pa.Schema) -> Iterator[Write]:
    names = schema.names
    line = orjson.OPT_APPEND_NEWLINE
    yield lambda rows: stream.writelines(orjson.dumps(dict(zip(names, row, strict=True)), option=line) for row in rows)


@contextmanager
def _parquet(stream: IO[bytes], schema: pa.Schema) -> Iterator[Write]:
    writer = pq.ParquetWriter(stream, schema)
    kept: list[tuple[Any, ...]] = []

    def flush() -> None:
        columns = zip(*kept, strict=True) if kept else ([] for _ in schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        kept.clear()
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def write(rows: Sequence[tuple[Any, ...]]) -> None:
        kept.extend(rows)
        if len(kept) >= ROW_GROUP:
            flush()

    try:
        yield write
        flush()
        writer.close()
    finally:
        writer.is_open = False  # a writer that failed would try once more when it is collected


FORMATS = {".csv": _csv, ".parquet": _parquet, ".jsonl": _json_lines}
