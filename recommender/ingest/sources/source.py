"""What every kind of source gives: batches of raw columns, each row with its number in the source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS = 1 << 18


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that can't be used: its number in the source, why, and how it looked."""

    line: int
    reason: str
    row: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a source.

    Attributes
    ----------
    columns : pyarrow.RecordBatch, N rows
        Raw values under the source's own column names.
    lines : int64, shape (N,)
        The physical line a row starts at (CSV), else its number; both count from 1.
    row_text : callable
        Returns row i (0..N-1) as it looked, for the file of refused rows.
    refused : sequence of Refusal
        Rows so broken that they never became columns.
    left_out : mapping of str to int
        Rows that the source itself leaves out, by what they are.
    notes : sequence of str
        What a reader of the report should know about these rows.
    """

    columns: pa.RecordBatch
    lines: NDArray[np.int64]
    row_text: Callable[[int], str]
    refused: Sequence[Refusal] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


class Source(Protocol):
    """A file, a query's answer or a table."""

    @property
    def name(self) -> str:
        """How messages and reports call it; never holds a password."""

    @property
    def rows(self) -> int | None:
        """The number of rows, where it is known before reading."""

    def columns(self) -> list[str]:
        """Return the names of its columns; raises DataError where the source can't be opened."""

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns, in order of the rows; raises DataError where the source can't be read."""


def table_batch(columns: pa.RecordBatch, first: int) -> Batch:
    """Return the batch of a source whose rows are numbered: `first` is the number of its first row."""
    lines = np.arange(first, first + columns.num_rows, dtype=np.int64)
    return Batch(columns, lines, lambda i: _as_json(columns, i))


def _as_json(columns: pa.RecordBatch, i: int) -> str:
    fields = {name: _value(columns.column(name)[i]) for name in columns.schema.names}
    return json.dumps(fields, ensure_ascii=False, default=str)


def _value(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes().decode(errors="backslashreplace")
    except (ValueError, OverflowError):  # a time beyond what Python knows
        return scalar.value
