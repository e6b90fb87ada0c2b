"""The figures of every single case as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from recommender.errors import StoreError
from recommender.evaluation.report import CaseValues


def write_cases(path: Path, cases: Iterable[CaseValues]) -> None:
    """Write a row per case: task, id (of the user, or of the item asked about), a column per model and metric.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    tables = list(cases)
    keys = list(dict.fromkeys(key for table in tables for key in table.values))
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["task", "id", *(f"{model}/{metric}@{k}" for model, metric, k in keys)])
            for table in tables:
                columns = [table.values[key].tolist() if key in table.values else None for key in keys]
                for case, asked in enumerate(table.ids):
                    figures = ("" if column is None else _cell(column[case]) for column in columns)
                    writer.writerow([table.task, asked, *figures])
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error.strerror}") from None


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"
