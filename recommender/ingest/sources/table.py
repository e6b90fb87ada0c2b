"""Tables in memory: pandas, Arrow, and whatever else `pyarrow.table` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from recommender.errors import DataError
from recommender.ingest.columns import Column
from recommender.ingest.sources.source import BATCH_ROWS, Batch, table_batch


@dataclass(frozen=True, slots=True)
class TableSource:
    """One Arrow table."""

    table: pa.Table
    name: str

    @property
    def rows(self) -> int | None:
        """The number of rows."""
        return int(self.table.num_rows)

    def columns(self) -> list[str]:
        """Return the names of its columns."""
        return list(self.table.column_names)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Give the named columns."""
        first = 1
        for batch in self.table.select(list(columns)).to_batches(max_chunksize=BATCH_ROWS):
            yield table_batch(batch, first)
            first += batch.num_rows


def table_source(table: Any, name: str) -> TableSource:
    """Return a source of any table; raises DataError where it isn't one."""
    if isinstance(table, pd.DataFrame):
        arrays = [to_array(table.iloc[:, i]) for i in range(table.shape[1])]
        return TableSource(pa.Table.from_arrays(arrays, names=[str(column) for column in table.columns]), name)
    try:
        return TableSource(pa.table(table), name)
    except (pa.ArrowException, TypeError, ValueError) as error:
        wanted = "give a pandas DataFrame, an Arrow table or anything pyarrow.table() takes"
        raise DataError(f"{name}: {type(table).__name__} is not a table ({error}); {wanted}") from None


def to_array(values: Any) -> Column:
    """Return a column of Python or pandas values, as text where their types are mixed."""
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return pa.array([None if _is_missing(value) else str(value) for value in values], pa.string())


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value
