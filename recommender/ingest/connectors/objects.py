"""Rows that are made one by one, from lines of JSON or elements of XML, gathered into batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from recommender.ingest.checks import Reason
from recommender.ingest.columns import Column
from recommender.ingest.sources import Batch, Refusal, table_batch
from recommender.ingest.sources.opened import opened

MAX_LINE_BYTES = 16 << 20
BATCH_OBJECTS = 50_000


class Line(NamedTuple):
    """One line of a file and its number, from 1."""

    number: int
    text: bytes


@dataclass
class Gatherer:
    """Takes rows one by one and gives them as batches; `kinds` are our columns and their types."""

    kinds: Mapping[str, pa.DataType]
    left_out: Counter[str] = field(default_factory=Counter)
    _columns: dict[str, list[Any]] = field(init=False)
    _lines: list[int] = field(default_factory=list)
    _refused: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._columns = {name: [] for name in self.kinds}

    @property
    def is_full(self) -> bool:
        """Whether a batch should be taken."""
        return len(self._lines) >= BATCH_OBJECTS or len(self._refused) >= BATCH_OBJECTS

    def add(self, line: int, row: tuple[Any, ...]) -> None:
        """Take a row, its values in the order of `kinds`."""
        self._lines.append(line)
        for values, value in zip(self._columns.values(), row, strict=True):
            values.append(value)

    def refuse(self, line: Line, reason: Reason) -> None:
        """Take a line that can't be read."""
        self._refused.append(Refusal(line.number, reason.code, line.text.decode(errors="backslashreplace").rstrip()))

    def take(self) -> Batch:
        """Return what was gathered, and begin anew."""
        arrays = [column_of(self._columns[name], kind) for name, kind in self.kinds.items()]
        batch = table_batch(pa.RecordBatch.from_arrays(arrays, names=list(self.kinds)), 1)
        lines = np.array(self._lines, dtype=np.int64)
        taken = Batch(batch.columns, lines, batch.row_text, self._refused, self.left_out)
        self._columns = {name: [] for name in self.kinds}
        self._lines, self._refused, self.left_out = [], [], Counter()
        return taken


def column_of(values: list[Any], kind: pa.DataType) -> Column:
    """Return Python values as a column; text where they are not all of that type, so that checks can judge them."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, OverflowError):
        return pa.array([text_of(value) for value in values], pa.string())


def text_of(value: object) -> str | None:
    """Return an id or a word as text: a whole number without a point, anything else but text and numbers as missing."""
    match value:
        case str():
            return value
        case bool() | None:
            return None
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return None


def read_lines(path: Path, name: str) -> Iterator[Line]:
    """Read a file line by line, plain or gzip; a line of more than 16 MiB comes cut off, so that it can be refused."""
    with opened(path, name) as stream:
        number = 0
        while text := stream.readline(MAX_LINE_BYTES):
            number += 1
            if len(text) == MAX_LINE_BYTES and not text.endswith(b"\n"):
                while not (rest := stream.readline(MAX_LINE_BYTES)).endswith(b"\n") and rest:
                    pass
            if number == 1:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if not text.isspace():
                yield Line(number, text)


def json_object(text: bytes) -> Any:
    """Return the object or array on a line, None where it holds neither."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None
