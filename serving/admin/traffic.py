"""Requests, time to answer, fallbacks and sources, of all workers together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.placements import PLACEMENTS
from serving.figures import Figures, Samples

HOUR_SECONDS = 3600
SHARES = (0.5, 0.95, 0.99)
API = "/v1/"
REQUESTS = "requests_total"
PERIODS: Mapping[str, float | None] = {"5m": 300.0, "1h": HOUR_SECONDS, "start": None}


@dataclass(frozen=True, slots=True)
class Route:
    """One route: rates are per second, `refused` (4xx) and `failed` (5xx) are shares, quantiles in seconds."""

    name: str
    requests: int
    per_second: float
    refused: float
    failed: float
    quantiles: list[float] | None


@dataclass(frozen=True, slots=True)
class PlacementTraffic:
    """What a placement answered: shares of its slates, and of its items by source."""

    name: str
    slates: int
    fallbacks: float
    causes: dict[str, float]
    short: float
    sources: dict[str, float]
    quantiles: list[float] | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was counted in `seconds`."""

    seconds: float
    requests: int
    failed: int
    quantiles: list[float] | None
    slates: int
    fallbacks: float
    events: int
    events_rejected: int
    lag: list[float] | None
    log_failures: int
    slates_lost: int
    routes: list[Route]
    placements: list[PlacementTraffic]

    @property
    def per_second(self) -> float:
        """Requests of the API a second."""
        return self.requests / self.seconds


def traffic(samples: Samples, now: Figures, period: str) -> Traffic:
    """Return what was counted in one of PERIODS, or since this worker began where that is shorter."""
    wanted = PERIODS[period]
    if wanted is None:
        began = now.total("start_time_seconds")
        return counted(now, now.at - began)
    before = samples.ago(wanted)
    return counted(now.since(before), now.at - before.at)


def counted(figures: Figures, seconds: float) -> Traffic:
    """Put figures of `seconds` together for reading."""
    seconds = max(seconds, 1e-3)
    requests = figures.by(REQUESTS, "route")
    routes = [_route(figures, name, seconds) for name in requests]
    of_api = [route for route in routes if route.name.startswith(API)]
    slates = figures.total("slates_total")
    return Traffic(
        seconds=seconds,
        requests=sum(route.requests for route in of_api),
        failed=round(sum(route.requests * route.failed for route in of_api)),
        quantiles=figures.only("request_seconds_bucket", "route", API).quantiles("request_seconds", SHARES),
        slates=int(slates),
        fallbacks=_share(figures.total("fallbacks_total"), slates),
        events=int(figures.total("events_total", outcome="accepted")),
        events_rejected=int(figures.total("events_total", outcome="rejected")),
        lag=figures.quantiles("event_lag_seconds", SHARES),
        log_failures=int(figures.total("event_log_failures_total")),
        slates_lost=int(figures.total("slates_lost_total")),
        routes=routes,
        placements=[_placement(figures, name) for name in PLACEMENTS],
    )


def _route(figures: Figures, name: str, seconds: float) -> Route:
    statuses = figures.by(REQUESTS, "status", route=name)
    requests = sum(statuses.values())
    return Route(
        name=name,
        requests=int(requests),
        per_second=requests / seconds,
        refused=_share(sum(number for status, number in statuses.items() if status.startswith("4")), requests),
        failed=_share(sum(number for status, number in statuses.items() if status.startswith("5")), requests),
        quantiles=figures.quantiles("request_seconds", SHARES, route=name),
    )


def _placement(figures: Figures, name: str) -> PlacementTraffic:
    slates = figures.total("slates_total", placement=name)
    causes = figures.by("fallbacks_total", "type", placement=name)
    sources = figures.by("items_total", "source", placement=name)
    return PlacementTraffic(
        name=name,
        slates=int(slates),
        fallbacks=_share(sum(causes.values()), slates),
        causes={cause: _share(number, slates) for cause, number in causes.items()},
        short=_share(figures.total("shortfalls_total", placement=name), slates),
        sources={source: _share(number, sum(sources.values())) for source, number in sources.items()},
        quantiles=figures.quantiles("request_seconds", SHARES, route=API + name),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the chart of requests; `x`, `y`, `width` and `height` are in percent of its area."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Requests a second from sample to sample, the last hour from left to right; `most` is the top of the chart."""

    bars: list[Bar]
    most: float


def chart(samples: Samples, now: Figures) -> Chart:
    """Return the chart of the API's requests as this worker remembers them."""
    steps = [(max(seconds, 1e-3), step) for seconds, step in samples.steps(now)]
    rates = [step.only(REQUESTS, "route", API).total(REQUESTS) / seconds for seconds, step in steps]
    most, bars, x = max(rates), list[Bar](), 100.0
    for rate, (seconds, _) in reversed(list(zip(rates, steps, strict=True))):
        width, height = 100 * seconds / HOUR_SECONDS, 100 * rate / (most or 1.0)
        x -= width
        bars.append(Bar(x, 100 - height, 0.9 * width, height, f"{rate:.1f} a second"))
    return Chart(bars, most)
