"""Excel workbooks, read with python-calamine (the extra `excel`): each sheet is a table of text with a header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from recommender.errors import ConfigError, DataError
from recommender.ingest.connectors.objects import text_of
from recommender.ingest.sources import Batch, table_batch

BATCH_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class SheetSource:
    """One sheet; numbers without a fraction become their digits, as ids need it."""

    path: Path
    sheet: str
    rows: None = None

    @property
    def name(self) -> str:
        """The file and its sheet."""
        return f"{self.path} ({self.sheet})"

    def columns(self) -> list[str]:
        """Return the cells of the first row."""
        return [str(cell).strip() for cell in next(self._rows(), [])]

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Give the named columns as text."""
        rows = self._rows()
        header = [str(cell).strip() for cell in next(rows)]
        places = [header.index(column) for column in columns]
        first = 2
        while chunk := list(islice(rows, BATCH_ROWS)):
            arrays = [pa.array([cell_text(row[place]) for row in chunk], pa.string()) for place in places]
            yield table_batch(pa.RecordBatch.from_arrays(arrays, names=list(columns)), first)
            first += len(chunk)

    def _rows(self) -> Iterator[list[Any]]:
        return iter(_workbook(self.path).get_sheet_by_name(self.sheet).iter_rows())


def sheets(path: Path) -> list[SheetSource]:
    """Return the sheets of a workbook.

    Raises
    ------
    ConfigError
        If the library that reads workbooks is not installed.
    DataError
        If the file is no workbook.
    """
    return [SheetSource(path, name) for name in _workbook(path).sheet_names]


def cell_text(cell: Any) -> str | None:
    """Return a cell as text, None where it is empty."""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return text_of(cell) or None


def _workbook(path: Path) -> Any:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise ConfigError(
            f"{path}: reading Excel needs a library: pip install 'alsobought[excel]', or save the sheet as CSV"
        ) from None
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise DataError(f"{path}: can't be read as an Excel workbook: {error}") from None
