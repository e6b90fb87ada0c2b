"""The section of BENCHMARKS.md on work in bulk: evaluation and export."""

from __future__ import annotations

import statistics
from typing import Any


def batch_section(record: dict[str, Any]) -> list[str]:
    """Median seconds of each, the range behind."""
    setting = record["setting"]
    seconds: dict[str, list[float]] = {}
    for row in record["rows"]:
        seconds.setdefault(row["what"], []).append(row["seconds"])
    answers = {row["what"]: row["answers"] for row in record["rows"]}
    return [
        f"## Evaluation and export: {setting['dataset']}",
        "",
        f"{setting['users']:,} users over {setting['items']:,} items, all of them, best {setting['k']}. Evaluation is",
        "of one model, bootstrap intervals and slices included, fits not; export is the whole process, from its start.",
        "",
        "| work | users asked, or rows written | seconds |",
        "| --- | ---: | ---: |",
        *(
            f"| {what} | {answers[what]:,} | {statistics.median(times):.1f} [{min(times):.1f} to {max(times):.1f}] |"
            for what, times in seconds.items()
        ),
    ]
