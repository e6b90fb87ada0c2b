"""estimate: memory, disk and time of a night, before there are data.

Sums of a few terms in users, items and events whose coefficients were fitted to runs on generated shops
(`benchmarks/sizing.py`); they stand in sizes.json beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recommender.errors import ConfigError
from recommender.models.co_purchase import PAIRS_PER_BLOCK

COEFFICIENTS = Path(__file__).with_name("sizes.json")

QUANTITIES: Mapping[str, tuple[str, ...]] = {
    "memory_bytes": ("one", "events", "purchases", "factors", "items", "pairs_at_once"),
    "version_bytes": ("one", "events", "purchases", "users", "item_factors", "items"),
    "seconds": ("one", "events", "purchases", "users", "factors", "items", "pairs_per_history"),
}
"""Peak memory of a run, size of a version on disk, seconds of one core; and the terms that each is a sum of."""

CHECKPOINT_BYTES_PER_EVENT = 33
"""What `train` keeps of the events as read, for `--resume`."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a shop is, and the length of its factor vectors; sessions count as users, purchases as events, too."""

    users: int
    items: int
    events: int
    purchases: int
    factors: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a night takes, on one core."""

    memory_bytes: float
    version_bytes: float
    seconds: float

    def disk_bytes(self, size: Size, keep: int) -> float:
        """Return the most that lies below the store's folder: versions kept, the new one, and checkpoints."""
        return (keep + 2) * self.version_bytes + CHECKPOINT_BYTES_PER_EVENT * size.events

    def to_dict(self) -> dict[str, float]:
        """Return the figures as JSON types."""
        return asdict(self)


def features(size: Size) -> dict[str, float]:
    """Return the terms that the quantities are sums of.

    `pairs_per_history` is how many pairs of items the users have bought, as if all had the same number of purchases:
    what co-purchase counts, `pairs_at_once` as many of them as it takes at once.
    """
    pairs = size.purchases**2 / size.users
    return {
        "one": 1.0,
        "events": float(size.events),
        "purchases": float(size.purchases),
        "users": float(size.users),
        "items": float(size.items),
        "factors": float((size.users + size.items) * size.factors),
        "item_factors": float(size.items * size.factors),
        "pairs_per_history": pairs,
        "pairs_at_once": min(pairs, PAIRS_PER_BLOCK),
    }


def estimate(size: Size, coefficients: Mapping[str, Any] | None = None) -> Estimate:
    """Return what a night of a shop of that size takes; the shipped coefficients are used where none are given.

    Raises
    ------
    ConfigError
        If a number is below 1, or there are more purchases than events.
    """
    for name, number in asdict(size).items():
        if number < 1:
            raise ConfigError(f"{name} = {number}: needs 1 or more")
    if size.purchases > size.events:
        raise ConfigError(f"purchases = {size.purchases}: more than the {size.events} events, which they are part of")
    known = measured_coefficients() if coefficients is None else coefficients
    terms = features(size)
    sums = {name: sum(known[name][term] * terms[term] for term in used) for name, used in QUANTITIES.items()}
    return Estimate(**sums)


def measured_coefficients() -> dict[str, Any]:
    """Return the shipped coefficients, and in `measured_on` the machine that they are of."""
    found: dict[str, Any] = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    return found
