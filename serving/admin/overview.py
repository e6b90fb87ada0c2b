"""The first page: what is live, what is wrong, what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recommender.bundle import Bundle, runs
from recommender.errors import StoreError
from serving.admin.office import Office
from serving.admin.traffic import Traffic
from serving.figures import Figures
from serving.problems import Problem
from serving.telemetry import model_age_seconds

STALE_SECONDS = 36 * 3600
"""A nightly run should have replaced the live version by then, with half a day to spare."""
BAD_OUTCOMES = {"refused": "was refused", "failed": "failed", "killed": "was killed"}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that wants looking at, and the page that tells more."""

    text: str
    page: str


@dataclass(frozen=True, slots=True)
class Live:
    """What the store calls live and what the workers answer from; `bundle` is this worker's."""

    named: str | None
    bundle: Bundle | None
    age_seconds: int
    workers: dict[str, int]


def live(office: Office, now: Figures) -> Live:
    """Return what is live."""
    try:
        named = office.store.current()
    except StoreError:
        named = None
    try:
        bundle = office.bundles.bundle()
    except Problem:
        bundle = None
    age = 0 if bundle is None else model_age_seconds(bundle, datetime.now(UTC))
    workers = {version: int(number) for version, number in now.by("workers", "version").items()}
    return Live(named, bundle, age, workers)


def alarms(office: Office, found: Live, traffic: Traffic) -> list[Alarm]:
    """Return what is wrong, the worst first."""
    said = []
    if found.bundle is None:
        said.append(Alarm("No model is loaded: nothing can be recommended", "versions"))
    if failed := office.bundles.failed_version():
        said.append(Alarm(f"{failed} was promoted but can't be loaded; the server's log says why", "versions"))
    if len(found.workers) > 1:
        several = ", ".join(f"{number} from {version}" for version, number in found.workers.items())
        said.append(Alarm(f"Workers answer from different versions: {several}", "versions"))
    if traffic.failed:
        said.append(Alarm(f"{traffic.failed:,} requests failed on the server's side", "traffic"))
    if traffic.log_failures:
        said.append(Alarm(f"The event log refused {traffic.log_failures:,} reads or writes", "traffic"))
    if traffic.slates_lost:
        said.append(
            Alarm(f"{traffic.slates_lost:,} answers were not logged, so nothing is attributed to them", "traffic")
        )
    last = last_runs(office, 1)
    if last and last[0]["outcome"] in BAD_OUTCOMES:
        said.append(Alarm(f"The last run, {last[0]['run']}, {BAD_OUTCOMES[last[0]['outcome']]}", "training"))
    if found.age_seconds > STALE_SECONDS:
        said.append(Alarm(f"The live version is {found.age_seconds // 3600} hours old", "training"))
    return said


def last_runs(office: Office, most: int) -> list[dict[str, Any]]:
    """Return the records of the last runs, newest first."""
    return runs.records(office.store.path)[-most:][::-1]
