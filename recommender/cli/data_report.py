"""What was read, as tables: all of it for `check`, a few lines of it for `train`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from recommender.cli.console import facts, table, warning
from recommender.cli.formats import printable
from recommender.ingest import REMEDIES, IngestReport
from recommender.ingest.report import SourceReport
from recommender.pipeline.check import CheckReport


def all_findings(report: CheckReport) -> Iterator[RenderableType]:
    """Return every table of a check."""
    yield from rows_read(report.ingest)
    yield facts("Data", _summary(report))
    yield from remarks(report)


def rows_read(ingest: IngestReport) -> Iterator[RenderableType]:
    """Return the rows of each source, and which of them were refused or left out, and why."""
    yield _rows(ingest)
    yield ""
    yield from _refused(ingest)


def short_findings(report: CheckReport) -> Iterator[RenderableType]:
    """Return the rows, and what a shop should look at."""
    yield _rows(report.ingest)
    yield from remarks(report)


def remarks(report: CheckReport) -> Iterator[RenderableType]:
    """Return notices and warnings, a line each."""
    if report.ingest.notices or report.warnings:
        yield ""
    yield from notes(report.ingest)
    yield from (warning(text) for text in report.warnings)


def notes(ingest: IngestReport) -> Iterator[RenderableType]:
    """Return what the reader noted, a line each."""
    yield from (Text(f"note: {printable(text)}") for text in ingest.notices)


def _rows(ingest: IngestReport) -> RenderableType:
    columns = ("Rows of", "read", "used", "refused", "left out", "repeated")
    sources = [*ingest.events, *ingest.catalogue]
    return table("", columns, (_row(source) for source in sources), right=range(1, len(columns)))


def _row(source: SourceReport) -> tuple[object, ...]:
    refused, left_out = source.refused.total(), _left_out(source).total()
    return source.name, source.read, source.used, refused, left_out, source.repeated_ids


def _left_out(source: SourceReport) -> Counter[str]:
    return source.left_out + Counter({"returns by nobody known": source.guest_returns})


def _refused(ingest: IngestReport) -> Iterator[RenderableType]:
    sources = [*ingest.events, *ingest.catalogue]
    rows = [
        (source.name, reason, count, REMEDIES[reason])
        for source in sources
        for reason, count in source.refused.most_common()
    ]
    if rows:
        yield table("", ("Refused in", "because", "rows", "what would be right"), rows, right=(2,))
        yield from (f"each with its line: {path}" for path in ingest.refused_files.values())
        yield ""
    left_out = [(source.name, name, count) for source in sources for name, count in _left_out(source).most_common()]
    if left_out:
        yield table("", ("Left out of", "what", "rows"), left_out, right=(2,))
        yield ""


def _summary(report: CheckReport) -> Iterator[tuple[str, object]]:
    found = report.summary
    yield "users", f"{found.users:,}, {found.single_event_users:,} with a single event"
    yield "sessions", found.sessions
    yield "guest orders", found.guest_orders
    yield (
        "items",
        f"{found.items:,}, {found.silent_items:,} without an event, {found.unlisted_items:,} not in the catalogue",
    )
    yield "events", ", ".join(f"{count:,} {name}" for name, count in found.events_by_type.items())
    yield "duplicates", report.ingest.duplicates
    yield "time", f"{found.first_time} to {found.last_time}" if found.first_time else "the events have no times"
    yield "density", f"{found.density:.3%} of all pairs of user and item"
    yield "robots", ", ".join([f"{found.robots:,}", *found.robot_ids])
