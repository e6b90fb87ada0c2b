"""Parquet files, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recommender.errors import DataError
from recommender.ingest.sources.source import BATCH_ROWS, Batch, table_batch


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """One Parquet file."""

    path: Path
    name: str

    @property
    def rows(self) -> int | None:
        """The number of rows its footer gives."""
        with self._open() as file:
            return int(file.metadata.num_rows)

    def columns(self) -> list[str]:
        """Return the names of its top-level columns."""
        with self._open() as file:
            return list(file.schema_arrow.names)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns with the types the file gives them."""
        first = 1
        with self._open() as file:
            try:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                    yield table_batch(batch.select(list(columns)), first)
                    first += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise DataError(f"{self.name}: is damaged after row {first - 1}: {_first_line(error)}") from None

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path)
        except (pa.ArrowException, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else _first_line(error)
            raise DataError(f"{self.name}: can't be read as Parquet: {reason}") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
