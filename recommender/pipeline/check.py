"""check: read the data, say what is wrong with it, ask the data doctor, train nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.bundle import Bundle, Store
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.dataset.summary import DataSummary, summarise
from recommender.errors import StoreError
from recommender.ingest import IngestReport, read_dataset, require_enough
from recommender.pipeline.data_checks import Seen
from recommender.pipeline.data_doctor import Finding, examine
from recommender.placements.shop_rules import bind_rules, unknown_items
from recommender.placements.wording import make_wording
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

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> CheckReport:
        """Return the report that `to_dict` gave."""
        ingest, summary = IngestReport.from_dict(record["ingest"]), DataSummary.from_dict(record["summary"])
        return cls(ingest, summary, record["warnings"])


def run(config: Config, *, progress: Progress = silent) -> tuple[CheckReport, list[Finding]]:
    """Read and check the data of a shop, and return what the data doctor finds beside the live version, if any.

    Raises
    ------
    DataError
        If the data can't be read, too many rows are refused, or there is too little to train on.
    """
    dataset, report = read_and_check(config, progress=progress)
    live = live_bundle(Store(config.store_path))
    return report, examine(Seen(dataset, report.ingest, report.summary, live), config.doctor)


def live_bundle(store: Store) -> Bundle | None:
    """Return the live bundle, None where there is none that can be read: training is what brings a new one."""
    try:
        return None if store.current() is None else store.load_live()
    except StoreError:
        return None


def read_and_check(
    config: Config, *, events: Any = None, catalogue: Any = None, progress: Progress = silent
) -> tuple[Dataset, CheckReport]:
    """Return the data and the report on it; `events` and `catalogue` are tables to use instead of the sources.

    Raises
    ------
    ConfigError
        If a rule of the shop does not fit the catalogue, or a sentence has no such place.
    DataError
        As `run`.
    """
    make_wording(config.reasons)
    dataset, ingest = read_dataset(config, events=events, catalogue=catalogue, progress=progress)
    require_enough(dataset)
    bind_rules(config.rules, dataset.catalogue, dataset.items)
    summary = summarise(dataset)
    return dataset, CheckReport(ingest, summary, [*_warnings(ingest, summary), *_unknown_items(config, dataset)])


def _unknown_items(config: Config, dataset: Dataset) -> list[str]:
    unknown = unknown_items(config.rules, dataset.items)
    named = f"the rules of shop.toml name items that neither events nor catalogue hold: {', '.join(unknown[:5])}"
    return [f"{named}{'' if len(unknown) <= 5 else ', …'}"] if unknown else []


def _warnings(ingest: IngestReport, summary: DataSummary) -> list[str]:
    """Return a sentence, with the remedy, for everything a shop should look at before it trusts a model."""
    found = []
    if summary.robots:
        found.append(
            f"{summary.robots} users have implausibly many events ({', '.join(summary.robot_ids)}): robots or tills? "
            "Leave their rows out; matrix.max_items_per_user limits their influence"
        )
    if summary.unlisted_items:
        found.append(
            f"{summary.unlisted_items:,} items with {summary.unlisted_events:,} events are not in the catalogue: they "
            "train, but are never shown"
        )
    if summary.users and summary.single_event_users > summary.users / 2:
        found.append(
            f"{summary.single_event_users:,} of {summary.users:,} users have a single event: for-you will mostly fall "
            "back to best sellers; add views or sessions"
        )
    if ingest.duplicates > summary.events / 100:
        found.append(
            f"{ingest.duplicates:,} events equal another one in every column: if they are exports read twice, give "
            "each event an event_id"
        )
    if summary.as_of is None:
        found.append("the events have no times: no decay, no trending, no new arrivals, and a random split")
    return found
