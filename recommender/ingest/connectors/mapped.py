"""A table with other people's columns, batch by batch turned into ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.connectors.connector import Stream
from recommender.ingest.connectors.objects import BATCH_OBJECTS
from recommender.ingest.sources import Batch, Source


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows under our names, made of a batch of theirs.

    `columns` maps our names to columns of M values; `origin`, shape (M,), says which of their rows each came from.
    """

    columns: Mapping[str, Any]
    origin: NDArray[np.int64]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


Convert = Callable[[Mapping[str, Column]], Rows]


def mapped(
    source: Source, ours: Mapping[str, pa.DataType], needed: Sequence[str], optional: Sequence[str], convert: Convert
) -> Stream:
    """Return a source with our columns and types, made of `needed` and `optional` columns of another.

    `convert` gets every one of these columns; an optional one that is not there is all null.
    """

    def make() -> Iterator[Batch]:
        have = require_columns(source, needed)
        taken = [name for name in dict.fromkeys([*needed, *optional]) if name in have]
        for batch in _pieces(source.batches(taken)):
            absent = pa.nulls(batch.columns.num_rows, pa.string())
            theirs = {name: absent for name in optional if name not in have}
            yield _converted(batch, convert({**theirs, **dict(zip(taken, batch.columns.columns, strict=True))}), ours)

    return Stream(source.name, tuple(ours), make)


def _pieces(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Cut batches into pieces of at most BATCH_OBJECTS rows: as Python's strings, rows take far more memory."""
    for batch in batches:
        for start in range(0, max(batch.columns.num_rows, 1), BATCH_OBJECTS):
            yield Batch(
                batch.columns.slice(start, BATCH_OBJECTS),
                batch.lines[start : start + BATCH_OBJECTS],
                partial(_text_from, batch, start),
                () if start else batch.refused,
            )


def _text_from(batch: Batch, start: int, i: int) -> str:
    return batch.row_text(start + i)


def require_columns(source: Source, needed: Sequence[str]) -> list[str]:
    """Return the columns of a source; raises DataError, naming what was found, where one that is needed is missing."""
    have = source.columns()
    missing = [name for name in needed if name not in have]
    if missing:
        found = ", ".join(map(repr, have[:12])) + (", …" if len(have) > 12 else "")
        raise DataError(f"{source.name}: no column {' and no '.join(map(repr, missing))}; found {found}")
    return have


def _converted(batch: Batch, rows: Rows, ours: Mapping[str, pa.DataType]) -> Batch:
    arrays = [pa.array(rows.columns[name], kind) for name, kind in ours.items()]
    origin = rows.origin
    return Batch(
        pa.RecordBatch.from_arrays(arrays, names=list(ours)),
        batch.lines[origin],
        lambda i: batch.row_text(int(origin[i])),
        batch.refused,
        rows.left_out,
        rows.notes,
    )
