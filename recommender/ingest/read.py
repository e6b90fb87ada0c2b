"""The recipe: sources -> events and catalogue -> one dataset, with a report of what was met."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from recommender.config import Config
from recommender.dataset import OWNERSHIP_TYPES, Dataset, distinct
from recommender.errors import DataError
from recommender.event_log import EventLog
from recommender.ingest.catalogue import CatalogueReader
from recommender.ingest.events import EventsReader
from recommender.ingest.ids import IdEncoder
from recommender.ingest.refused import RefusedRows
from recommender.ingest.remedies import REMEDIES
from recommender.ingest.report import IngestReport, SourceReport, total
from recommender.ingest.sources import (
    LogSource,
    Source,
    catalogue_sources,
    events_sources,
    ownership_sources,
    table_source,
    test_events_sources,
)
from recommender.progress import Progress, silent

MIN_EVENTS, MIN_ITEMS, MIN_ACTORS = 10, 3, 3


def read_dataset(
    config: Config, *, events: Any = None, catalogue: Any = None, test_events: Any = None, progress: Progress = silent
) -> tuple[Dataset, IngestReport]:
    """Read events, what users own from elsewhere, and the catalogue.

    Parameters
    ----------
    config : Config
        Its `data` names sources, columns and how much may be refused; event types without a weight are left out.
    events, catalogue, test_events : table, optional
        A pandas DataFrame, an Arrow table or what else `pyarrow.table` takes, instead of the sources of `config`. Test
        events are read for the `given` split only.
    progress : Progress
        Called per batch.

    Returns
    -------
    Dataset, IngestReport
        Refused rows are in the files that the report names.

    Raises
    ------
    DataError
        If a source can't be read, has no rows, too many rows are refused, or no event type has a weight.
    ConfigError
        If a URL or its query is wrong.
    StoreError
        If the file of refused rows can't be written.
    """
    report = IngestReport()
    items = IdEncoder()
    # The one look at the clock: an event that is still to come can't have happened.
    sources = _events(config, events)
    reader = EventsReader(config, items, report, now=int(time.time()), erased=_erasures(config))
    goods = CatalogueReader(config, items, report)
    _read_all(config, report, "events", sources, reader.read, progress)
    read_test = partial(reader.read, is_test=True)
    _read_all(config, report, "test_events", _test_events(config, test_events), read_test, progress)
    _read_all(config, report, "ownership", ownership_sources(config), reader.read_ownership, progress)
    _require_weighted(report)
    _read_all(config, report, "catalogue", _catalogue(config, catalogue), goods.read, progress)
    found, is_test, users, sessions = reader.finish()
    item_ids, ranks = items.finish()
    found = replace(found, item=ranks[found.item])
    test = found.where(is_test) if config.evaluation.split == "given" else None
    goods_table = goods.finish(ranks, len(item_ids))
    position = next((source.position for source in sources if isinstance(source, LogSource)), None)
    return Dataset(users, sessions, item_ids, found.where(~is_test), goods_table, test, position), report


def require_enough(dataset: Dataset) -> None:
    """Raise DataError where there are fewer than 10 events other than returns, on 3 items, by 3 users.

    Sessions and guest orders count as users.
    """
    events = dataset.events.where(~dataset.events.is_type("return", *OWNERSHIP_TYPES))
    found = {
        "events": (len(events), MIN_EVENTS),
        "items with events": (len(distinct(events.item)), MIN_ITEMS),
        "users, sessions or guest orders": (len(distinct(events.actor)), MIN_ACTORS),
    }
    if any(number < least for number, least in found.values()):
        have = ", ".join(f"{number} {what}" for what, (number, _) in found.items())
        need = ", ".join(f"{least} {what}" for what, (_, least) in found.items())
        raise DataError(f"too little to train on: {have}; at least {need} are needed")


def _erasures(config: Config) -> Mapping[str, float]:
    """Return when users and sessions were erased; also what comes from files must be without them."""
    url = config.serving.event_log
    if not url:
        return {}
    log = EventLog.at(url, config.folder)
    try:
        return log.erasures()
    finally:
        log.close()


def _events(config: Config, table: Any) -> Sequence[Source]:
    return events_sources(config) if table is None else [table_source(table, "events table")]


def _test_events(config: Config, table: Any) -> Sequence[Source]:
    if table is not None and config.evaluation.split == "given":
        return [table_source(table, "test events table")]
    return test_events_sources(config)


def _catalogue(config: Config, table: Any) -> Sequence[Source]:
    if table is not None:
        return [table_source(table, "catalogue table")]
    return catalogue_sources(config)


def _read_all(
    config: Config,
    report: IngestReport,
    name: str,
    sources: Sequence[Source],
    read: Callable[[Source, RefusedRows, Progress, int | None], None],
    progress: Progress,
) -> None:
    counts = report.catalogue if name == "catalogue" else report.events
    first = len(counts)
    sizes = [source.rows for source in sources]
    rows = None if None in sizes else sum(size or 0 for size in sizes) + sum(earlier.read for earlier in counts)
    with RefusedRows(config.path(config.data.refused) / f"{name}.csv") as refused:
        for source in sources:
            read(source, refused, progress, rows)
    if refused.written:
        report.refused_files[name] = str(refused.path)
    sums = total(counts[first:], name)
    if sources and not sums.read:
        raise DataError(f"{', '.join(source.name for source in sources)}: has no rows")
    require_few_refused(config, sums, refused)


def require_few_refused(config: Config, sums: SourceReport, refused: RefusedRows) -> None:
    """Raise DataError, with reasons and an example, where more rows are refused than `data.max_refused` allows."""
    number = sum(sums.refused.values())
    if number <= config.data.max_refused * sums.read:
        return
    reasons = ", ".join(f"{reason} {count:,} ({REMEDIES[reason]})" for reason, count in sums.refused.most_common(3))
    example = refused.example
    assert example is not None
    raise DataError(
        f"{sums.name}: {number:,} of {sums.read:,} rows ({number / sums.read:.1%}) are refused, more than "
        f"data.max_refused = {config.data.max_refused:.1%} allows: {reasons}; for example line {example.line} "
        f"({example.reason}): {example.row[:200]!r}; all of them are in {refused.path}"
    )


def _require_weighted(report: IngestReport) -> None:
    sums = total(report.events, "events")
    if not sums.left_out:
        return
    names = ", ".join(f"{name!r} ({count:,})" for name, count in sums.left_out.most_common(10))
    if not sums.used:
        first = sums.left_out.most_common(1)[0][0]
        raise DataError(f'no event type has a weight; found {names}: add "{first}" = 1.0 under [event_weights]')
    report.note(f"event types without a weight are left out: {names}; give them one under [event_weights]")
