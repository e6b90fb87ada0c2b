"""check: read the data, say what is wrong with it, train nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recommender.config import Config
from recommender.dataset import Dataset
from recommender.dataset.summary import DataSummary, summarise
from recommender.ingest import IngestReport, read_dataset, require_enough
from recommender.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was read, what it holds, and what a shop should look at."""

    ingest: IngestReport
    summary: DataSummary
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return {"ingest": self.ingest.to_dict(), "summary": self.summary.to_dict(), "warnings": self.warnings}


def run(config: Config, *, progress: Progress = silent) -> CheckReport:
    """Read and check the data of a shop.

    Raises
    ------
    DataError
        If the data can't be read, too many rows are refused, or there is too little to train on.
    """
    return read_and_check(config, progress=progress)[1]


def read_and_check(
    config: Config, *, events: Any = None, catalogue: Any = None, progress: Progress = silent
) -> tuple[Dataset, CheckReport]:
    """Return the data and the report on it; `events` and `catalogue` are tables to use instead of the sources."""
    dataset, ingest = read_dataset(config, events=events, catalogue=catalogue, progress=progress)
    require_enough(dataset)
    summary = summarise(dataset)
    return dataset, CheckReport(ingest, summary, _warnings(summary))


def _warnings(summary: DataSummary) -> list[str]:
    return []
