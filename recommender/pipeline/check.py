"""check: read the data, say what is wrong with it, train nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recommender.config import Config
from recommender.dataset import Dataset
from recommender.dataset.summary import DataSummary, summarise
from recommender.ingest import IngestReport, read_dataset, require_enough
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
