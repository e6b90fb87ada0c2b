"""The sections of BENCHMARKS.md on the nightly run: what the gate refuses, and what faults leave behind."""

from __future__ import annotations

from typing import Any


def gate_section(record: dict[str, Any]) -> list[str]:
    """How often the gate refused a recipe, by how much worse it is known to be."""
    lines = [
        f"## The gate: {record['setting']['data']}",
        "",
        "A/A is the live recipe from another seed of its starting factors, so every refusal is a false one. The",
        "others are meant to be worse, which not every shop shows on so few users: what can't be told is",
        "not refused.",
        "",
        "| data | users of the holdout, median | candidate | refused | of runs |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for row in record["rows"]:
        lines += [
            f"| {row['data']} | {row['holdout_users']:.0f} | {name} | {counts['refused']} | {counts['runs']} |"
            for name, counts in row["recipes"].items()
        ]
    return lines


def faults_section(record: dict[str, Any]) -> list[str]:
    """What became of a promotion that was killed or refused at its system calls."""
    (row,) = record["rows"]
    outcomes = {name: count for name, count in row.items() if name not in ("calls", "tried")}
    return [
        "## Faults: publish, promote and prune under strace",
        "",
        f"{row['tried']:,} of {row['calls']:,} file-system calls, each with every fault. After each, CURRENT named the",
        "old or the new version, all versions equalled their digests, the next run succeeded and nothing half written",
        "was left, but for the lines that say BROKEN.",
        "",
        "| fault and end | runs |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in outcomes.items()),
    ]
