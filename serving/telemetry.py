"""What the server counts, in Prometheus's form, all workers together; and the id of every request.

No label ever holds an id of a user, a session or an item.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, g, request

from recommender.bundle import Bundle
from recommender.event_log import LoggedEvent
from recommender.placements import Slate
from serving.figures import Figures
from serving.live_bundle import BundleSource
from serving.problems import Problem

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
REQUEST_ID = "alsobought.request_id"
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
LAG_SECONDS = (0.1, 1, 10, 60, 600, 3600, 86_400)


@dataclass(frozen=True, slots=True)
class Served:
    """What is counted of one answer; kept beside answers that are served again."""

    placement: str
    sources: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]
    fallback: str | None
    short: bool

    @classmethod
    def of(cls, slate: Slate) -> Served:
        """Return what is counted of a slate."""
        return cls(
            placement=slate.placement,
            sources=tuple(Counter(item["source"] for item in slate.items).items()),
            dropped=tuple(slate.dropped.items()),
            fallback=None if slate.fallback is None else slate.fallback["type"],
            short=slate.shortfall > 0,
        )


class Telemetry:
    """The counters of one worker.

    With a folder, which all workers share and PROMETHEUS_MULTIPROC_DIR names, `exposition` sums over the workers;
    without one it shows this process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        # It reads the environment when it is imported, so not before the server has set it.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        self._registry = CollectorRegistry()
        own: Any = {"namespace": "alsobought", "registry": self._registry}
        self._requests = Counter("requests", "Requests, by route and status.", ["route", "method", "status"], **own)
        self._seconds = Histogram(
            "request_seconds", "Time to answer, by route.", ["route"], buckets=REQUEST_SECONDS, **own
        )
        self._slates = Counter("slates", "Slates served, by placement.", ["placement"], **own)
        self._items = Counter("items", "Items served, by what proposed them.", ["placement", "source"], **own)
        self._fallbacks = Counter("fallbacks", "Slates that a fallback filled, by cause.", ["placement", "type"], **own)
        self._shortfalls = Counter("shortfalls", "Slates shorter than asked for.", ["placement"], **own)
        self._dropped = Counter("dropped", "Items that rules removed.", ["placement", "rule"], **own)
        self._events = Counter("events", "Events received.", ["outcome"], **own)
        self._lag = Histogram("event_lag_seconds", "From an event to its receipt.", buckets=LAG_SECONDS, **own)
        self._commits = Histogram(
            "event_log_commit_seconds", "Time of a transaction of the event log.", buckets=COMMIT_SECONDS, **own
        )
        self._log_failures = Counter("event_log_failures", "What the event log refused.", ["operation"], **own)
        self._slates_lost = Counter("slates_lost", "Slates that were served and not logged.", **own)
        self._reload_failures = Counter("reload_failures", "Promoted versions that could not be loaded.", **own)
        self._reload_failed = Gauge(
            "reload_failed", "1 while the promoted version can't be loaded.", multiprocess_mode="livemax", **own
        )
        self._model_age = Gauge(
            "model_age_seconds", "How long ago the live version was made.", multiprocess_mode="mostrecent", **own
        )
        self._workers = Gauge(
            "workers", "Workers, by the version they answer from.", ["version"], multiprocess_mode="livesum", **own
        )
        self._start = Gauge(
            "start_time_seconds", "When counting began, seconds since 1970.", multiprocess_mode="min", **own
        )
        self._start.set(time.time())
        self._version: str | None = None
        self._children: dict[tuple[Any, tuple[str, ...]], Any] = {}

    def begin(self) -> None:
        """Give the present request its id and its start; a client's own id is taken over."""
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        g.started = time.perf_counter()
        request.environ[REQUEST_ID] = g.request_id

    def end(self, response: Response) -> Response:
        """Count the present request."""
        route = request.url_rule.rule if request.url_rule else "none"
        response.headers["X-Request-Id"] = g.request_id
        method = request.method if request.method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
        self._of(self._requests, route, method, str(response.status_code)).inc()
        self._of(self._seconds, route).observe(time.perf_counter() - g.started)
        return response

    def served(self, served: Served) -> None:
        """Count an answer."""
        placement = served.placement
        self._of(self._slates, placement).inc()
        for source, number in served.sources:
            self._of(self._items, placement, source).inc(number)
        for rule, number in served.dropped:
            self._of(self._dropped, placement, rule).inc(number)
        if served.fallback is not None:
            self._of(self._fallbacks, placement, served.fallback).inc()
        if served.short:
            self._of(self._shortfalls, placement).inc()

    def _of(self, metric: Any, *labels: str) -> Any:
        """Return a metric's child; prometheus_client takes several times as long to find one that it has."""
        found = self._children.get((metric, labels))
        if found is None:
            found = self._children[metric, labels] = metric.labels(*labels)
        return found

    def received(self, events: Iterable[LoggedEvent], accepted: int, rejected: int) -> None:
        """Count events that were acknowledged, and those that were not taken."""
        self._events.labels("accepted").inc(accepted)
        self._events.labels("rejected").inc(rejected)
        for event in events:
            self._lag.observe(max(0.0, event.received_at - event.timestamp))

    def committed(self, seconds: float) -> None:
        """Count a transaction of the event log."""
        self._commits.observe(seconds)

    def log_failed(self, operation: str) -> None:
        """Count what the event log refused."""
        self._log_failures.labels(operation).inc()

    def slates_lost(self, number: int) -> None:
        """Count slates that were not logged."""
        self._slates_lost.inc(number)

    def follow(self, bundles: BundleSource) -> None:
        """Keep count of versions taken up and of those that failed."""
        bundles.on_change(lambda: self._changed(bundles))
        bundles.on_failure(self._failed)

    def exposition(self, bundles: BundleSource) -> tuple[bytes, str]:
        """Return all figures as Prometheus reads them, and their media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        bundle = _bundle_of(bundles)
        if bundle is not None:
            self._model_age.set(model_age_seconds(bundle, datetime.now(UTC)))
        return generate_latest(self._all_workers()), CONTENT_TYPE_LATEST

    def figures(self) -> Figures:
        """Return the same figures as numbers; nothing that is told by `exposition` alone, such as the model's age."""
        return Figures.of(self._all_workers().collect(), time.time())

    def _all_workers(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        if self._folder is None:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        return registry

    def _changed(self, bundles: BundleSource) -> None:
        bundle = _bundle_of(bundles)
        if bundle is None:
            return
        if self._version is not None:
            self._workers.labels(self._version).set(0)
        self._version = bundle.version
        self._workers.labels(bundle.version).set(1)
        self._reload_failed.set(0)

    def _failed(self) -> None:
        self._reload_failures.inc()
        self._reload_failed.set(1)


def model_age_seconds(bundle: Bundle, now: datetime) -> int:
    """Return how long ago the bundle was made; 0 where its clock runs ahead of ours."""
    made = datetime.fromisoformat(bundle.manifest.created_at)
    return max(0, int((now - made).total_seconds()))


def _bundle_of(bundles: BundleSource) -> Bundle | None:
    try:
        return bundles.bundle()
    except Problem:
        return None
