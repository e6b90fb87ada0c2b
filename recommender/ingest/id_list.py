"""A list of ids in a file: whom or what an export is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.errors import DataError
from recommender.ingest.checks import Reason
from recommender.ingest.ids import read_ids
from recommender.ingest.remedies import REMEDIES
from recommender.ingest.sources import Batch, list_source


@dataclass(frozen=True, slots=True)
class IdList:
    """Distinct ids in the order in which the file names them first; `repeated` counts the rows that named one again."""

    ids: list[str]
    repeated: int


def read_id_list(path: Path, column: str) -> IdList:
    """Read the ids of one column of a CSV file with a header (or of a Parquet file, which its ending tells).

    Here nothing is left out: who asks for a list wants an answer for each of its rows.

    Raises
    ------
    DataError
        If the file can't be read, lacks the column, has no rows, or a row has no id or one that is not legal; the
        message names file and line.
    """
    source = list_source(path)
    columns = source.columns()
    if column not in columns:
        raise DataError(f"{path}: has no column {column!r}; its header names {', '.join(map(repr, columns[:10]))}")
    ids: list[str] = []
    for batch in source.batches([column]):
        ids += _ids(batch, column, path)
    if not ids:
        raise DataError(f"{path}: has no rows; it needs a line for each {column}")
    distinct = list(dict.fromkeys(ids))
    return IdList(distinct, len(ids) - len(distinct))


def _ids(batch: Batch, column: str, path: Path) -> list[str]:
    """Return the ids of all rows of a batch; the first row that has none that is legal raises DataError."""
    read = read_ids(batch.columns.column(column))
    rows = np.flatnonzero((read.reasons != Reason.FINE) | ~read.present)[:1].tolist()
    wrong = [(int(batch.lines[row]), Reason(read.reasons[row]).code) for row in rows]
    wrong += [(refusal.line, refusal.reason) for refusal in batch.refused]
    if wrong:
        line, reason = min(wrong)
        remedy = REMEDIES.get(reason, f"write a {column} in every line")
        raise DataError(f"{path}: line {line}: {_words(reason, column)}; {remedy}")
    return [str(read.texts[code]) for code in read.codes.tolist()]


def _words(reason: str, column: str) -> str:
    return f"no {column}" if reason == Reason.FINE.code else reason
