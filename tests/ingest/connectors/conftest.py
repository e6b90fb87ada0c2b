"""Ingesting the fixtures, and files that a test writes, into an empty folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from recommender.config import Config, default_config
from recommender.ingest import IngestReport
from recommender.pipeline import ingest

FIXTURES = Path(__file__).parent / "fixtures"

Row = dict[str, Any]


@dataclass(frozen=True)
class Ingested:
    """What came out: rows without the cells that are empty, times as "2026-03-09 19:14:31"."""

    events: list[Row]
    items: list[Row]
    report: IngestReport
    folder: Path

    @property
    def left_out(self) -> dict[str, int]:
        counts = [source.left_out for source in (*self.report.events, *self.report.catalogue)]
        return {name: count for one in counts for name, count in one.items()}

    @property
    def refused(self) -> dict[str, int]:
        counts = [source.refused for source in (*self.report.events, *self.report.catalogue)]
        return {name: count for one in counts for name, count in one.items()}

    def item(self, item_id: str) -> Row:
        (row,) = [row for row in self.items if row["item_id"] == item_id]
        return row


Ingest = Callable[..., Ingested]


@pytest.fixture
def lenient(tmp_path: Path) -> Config:
    """A configuration that lets half of all rows be refused: fixtures are small."""
    return default_config(["data.max_refused=0.5"], folder=tmp_path)


@pytest.fixture
def ingested(tmp_path: Path, lenient: Config) -> Ingest:
    """Ingest fixtures, named by their path, or `files` (name -> content) of the test's own."""

    def do(name: str, *fixtures: str, files: dict[str, str | bytes] | None = None, **options: Any) -> Ingested:
        inputs = [str(FIXTURES / fixture) for fixture in fixtures]
        for file, content in (files or {}).items():
            (tmp_path / file).write_bytes(content.encode() if isinstance(content, str) else content)
            inputs.append(str(tmp_path / file))
        result = ingest.run(lenient, name, inputs, tmp_path / "data", **options)
        rows = {table: read_rows(path) for table, path in result.written.items()}
        return Ingested(rows.get("events", []), rows.get("catalogue", []), result.report, tmp_path)

    return do


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a Parquet file, without the cells that are empty."""
    return [
        {
            name: f"{value:%Y-%m-%d %H:%M:%S}" if name == "timestamp" else value
            for name, value in row.items()
            if value is not None
        }
        for row in pq.read_table(path).to_pylist()
    ]
