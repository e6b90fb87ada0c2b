"""The section of BENCHMARKS.md on the server and a large shop."""

from __future__ import annotations

from statistics import median
from typing import Any

BARE = "bare route"


def serving_scale_section(record: dict[str, Any]) -> list[str]:
    """Requests a second beside the bare route's, and how long answers take at half of that rate; start and memory."""
    setting = record["setting"]
    by_what: dict[str, list[dict[str, Any]]] = {}
    for row in record["rows"]:
        by_what.setdefault(row["what"], []).append(row)
    bare = [row["requests_per_second"] for row in by_what[BARE]]
    waiting = [row["load_average_before"] for row in record["rows"]]
    asked = sum(row["requests"] + row["at_half"]["requests"] for row in record["rows"])
    failed = sum(row["failed"] + row["at_half"]["failed"] for row in record["rows"])
    size = f"{setting['items']:,} items, {setting['users']:,} users, {setting['factors']} factors"
    return [
        f"## The server and a large shop: {size}",
        "",
        f"Generated, a bundle of {setting['bundle_mb']:,} MB; {setting['workers']} workers, client on the same cores.",
        f"Load average before a reading, the one before it included: {min(waiting)} to {max(waiting)}.",
        "The bare route is Flask with one constant answer, in turn with ours. *new* asks",
        "for no item twice, *popular* for a few very often, *worked out* for nine items, which no answer is prepared",
        "for; for-you folds in 50 items under two filters. At half: half as many a second, sent at fixed times, timed",
        "from when they were due.",
        f"Of {asked:,} requests, {failed} failed.",
        "",
        "| asked | requests/s | of the bare route | p99, ms | at half: p50, ms | at half: p99, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_line(what, rows, bare) for what, rows in by_what.items()),
        "",
        *_start(setting["start"]),
    ]


def _line(what: str, rows: list[dict[str, Any]], bare: list[float]) -> str:
    rates = [row["requests_per_second"] for row in rows]
    share = median(rate / of for rate, of in zip(rates, bare, strict=True))
    figures = [
        f"{median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f})",
        f"{share:.0%}",
        f"{median(row['p99_ms'] for row in rows):.1f}",
        f"{median(row['at_half']['p50_ms'] for row in rows):.1f}",
        f"{median(row['at_half']['p99_ms'] for row in rows):.1f}",
    ]
    return " | ".join([f"| {what}", *figures]) + " |"


def _start(figures: dict[str, float]) -> list[str]:
    one, four = figures["pss_mib_1_workers"], figures["pss_mib_4_workers"]
    seconds = [figures[f"ready_seconds_{workers}_workers"] for workers in (1, 4)]
    return [
        f"From start to ready: {seconds[0]} s with 1 worker, {seconds[1]} s with 4.",
        f"Memory (PSS): {one:.0f} MiB of 1 worker, {four:.0f} MiB of 4; the bound of 1.5 times one and 200 MiB is",
        f"{1.5 * one + 200:.0f} MiB.",
    ]
