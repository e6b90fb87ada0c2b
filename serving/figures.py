"""What was counted up to a moment, what came in between two, and a memory of the last hour.

Prometheus keeps such a history for months; this is for a page that shows the last minutes without one.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

PREFIX = "alsobought_"
SAMPLE_SECONDS = 60.0
SAMPLES = 61

log = logging.getLogger(__name__)

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The counters at a time (seconds since 1970), by name and then by labels, sorted; names have no prefix."""

    at: float
    values: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, families: Iterable[Any], at: float) -> Figures:
        """Return the figures of metric families of prometheus_client."""
        values: dict[str, dict[Labels, float]] = defaultdict(dict)
        for sample in (sample for family in families for sample in family.samples):
            values[sample.name.removeprefix(PREFIX)][tuple(sorted(sample.labels.items()))] = sample.value
        return cls(at, dict(values))

    def since(self, before: Figures) -> Figures:
        """Return what was counted after `before`; of gauges the difference, which means nothing."""
        return Figures(
            self.at,
            {
                name: {labels: value - before.values.get(name, {}).get(labels, 0.0) for labels, value in these.items()}
                for name, these in self.values.items()
            },
        )

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a figure over all labels but those given."""
        wanted = set(labels.items())
        return sum(value for given, value in self.values.get(name, {}).items() if wanted <= set(given))

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the sums of a figure by a label, the largest first, without those that are 0."""
        wanted, found = set(labels.items()), dict[str, float]()
        for given, value in self.values.get(name, {}).items():
            if value and wanted <= set(given):
                found[dict(given)[label]] = found.get(dict(given)[label], 0.0) + value
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def only(self, name: str, label: str, prefix: str) -> Figures:
        """Return one figure alone, and of it what has a label that begins with `prefix`."""
        these = self.values.get(name, {})
        return Figures(self.at, {name: {one: n for one, n in these.items() if dict(one)[label].startswith(prefix)}})

    def quantiles(self, name: str, shares: Sequence[float], **labels: str) -> list[float] | None:
        """Return quantiles of a histogram, interpolated within its buckets as Prometheus does; None where it is empty.

        A quantile in the last bucket, which has no upper bound, is infinite.
        """
        buckets = sorted((float(bound), count) for bound, count in self.by(f"{name}_bucket", "le", **labels).items())
        if not buckets:
            return None
        return [_quantile(buckets, share * buckets[-1][1]) for share in shares]


def _quantile(buckets: Sequence[tuple[float, float]], rank: float) -> float:
    lower, below = 0.0, 0.0
    for upper, count in buckets:
        if count >= rank:
            return lower + (upper - lower) * (rank - below) / (count - below) if math.isfinite(upper) else math.inf
        lower, below = upper, count
    return math.inf


class Samples:
    """Figures of the last hour, one sample a minute, taken by a thread of this process.

    The figures are of all workers; how far back they go is this worker's: to its own start.
    """

    def __init__(self, take: Callable[[], Figures], every_seconds: float = SAMPLE_SECONDS) -> None:
        self._take = take
        self._every_seconds = every_seconds
        self._kept = deque([take()], maxlen=SAMPLES)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to sample, until the process ends or `stop`; call it after the fork."""
        threading.Thread(target=self._run, name="samples", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def now(self) -> Figures:
        """Return the figures of this moment."""
        return self._take()

    def ago(self, seconds: float) -> Figures:
        """Return the sample taken so long ago, or the oldest there is."""
        kept, wanted = list(self._kept), time.time() - seconds
        return next((one for one in reversed(kept) if one.at <= wanted), kept[0])

    def steps(self, now: Figures) -> list[tuple[float, Figures]]:
        """Return how many seconds passed and what was counted from sample to sample, oldest first, then to `now`."""
        return [(after.at - before.at, after.since(before)) for before, after in pairwise([*self._kept, now])]

    def _run(self) -> None:
        while not self._stopped.wait(self._every_seconds):
            self._sample()

    def _sample(self) -> None:
        try:
            self._kept.append(self._take())
        except Exception:  # a sample is missing; the thread must go on
            log.exception("no sample of the figures")
