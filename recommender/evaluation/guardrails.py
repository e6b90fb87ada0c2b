"""What a fitted version would show beside the live one: the same questions, asked as the server asks them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle
from recommender.config import Guardrails
from recommender.placements import Query, choose

USERS, ITEMS, K = 200, 100, 10
FOR_YOU, ALSO_BOUGHT = "for-you", "also-bought"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One measurement: `value` must not be below `least` nor above `most`."""

    name: str
    value: float
    least: float | None
    most: float | None

    @property
    def kept(self) -> bool:
        """Whether the value lies within its limits."""
        return not (
            (self.least is not None and self.value < self.least) or (self.most is not None and self.value > self.most)
        )

    def __str__(self) -> str:
        side = (
            f"at least {self.least:g}"
            if self.least is not None and self.value < self.least
            else f"at most {self.most:g}"
        )
        return f"{self.name} is {self.value:.3g}, {side} is allowed"

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement as JSON types."""
        return {**asdict(self), "kept": self.kept}


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The slates of a self-test, as ids, and how long each answer took, in milliseconds."""

    slates: list[list[str]]
    milliseconds: list[float]

    @property
    def shown(self) -> list[str]:
        """Every place of every slate."""
        return [item for slate in self.slates for item in slate]


def examine(candidate: Bundle, live: Bundle | None, limits: Guardrails) -> list[Guardrail]:
    """Ask for-you and also-bought of both versions about the same users and items, and measure the candidate by it.

    Without a live version only stock and speed have anything to be measured by.
    """
    queries = list(questions(candidate))
    ours = self_test(candidate, queries)
    found = [Guardrail("p99 of the self-test, ms", _p99(ours), None, limits.max_p99_ms)]
    if candidate.config.placements.for_you.in_stock_only and ours.shown:
        stock = candidate.catalogue.in_stock[candidate.items.indices_of(ours.shown)].mean()
        found.append(Guardrail("in stock", float(stock), limits.min_in_stock, None))
    if live is None:
        return found
    theirs = self_test(live, queries)
    found.append(Guardrail("catalogue overlap", catalogue_overlap(candidate, live), limits.min_catalogue_overlap, None))
    found.append(Guardrail("size, times live", size_bytes(candidate) / size_bytes(live), None, limits.max_growth))
    if ours.shown and theirs.shown:
        coverage = len(set(ours.shown)) / len(set(theirs.shown))
        shift = _mean_popularity(candidate, ours) / max(_mean_popularity(candidate, theirs), 1e-12)
        factor = limits.max_popularity_shift
        found += [
            Guardrail("coverage, times live", coverage, limits.min_coverage, None),
            Guardrail("churn of lists", churn(ours.slates, theirs.slates), None, limits.max_churn),
            Guardrail("popularity, times live", shift, 1 / factor, factor),
        ]
    return found


def self_test(bundle: Bundle, queries: Sequence[Query]) -> SelfTest:
    """Answer the queries one by one on one thread, as a server's worker does."""
    slates, milliseconds = [], []
    with threadpool_limits(limits=1):
        for query in queries:
            start = time.perf_counter()
            items = choose(bundle, query).items
            milliseconds.append(1000 * (time.perf_counter() - start))
            slates.append(bundle.items.ids_of(items))
    return SelfTest(slates, milliseconds)


def churn(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> float:
    """Return the mean share of a slate that the other version did not show to the same question; empty slates aside."""
    shares = [len(set(a) - set(b)) / len(a) for a, b in zip(ours, theirs, strict=True) if a and b]
    return float(np.mean(shares)) if shares else 0.0


def catalogue_overlap(candidate: Bundle, live: Bundle) -> float:
    """Return the share of the items that the live version may show, and the candidate still may."""
    listed = {item for item, is_listed in zip(live.items, live.catalogue.servable, strict=True) if is_listed}
    still = {item for item, is_listed in zip(candidate.items, candidate.catalogue.servable, strict=True) if is_listed}
    return len(listed & still) / max(len(listed), 1)


def size_bytes(bundle: Bundle) -> int:
    """Return the size of histories and item factors: what grows with users, events and items."""
    histories = bundle.histories
    arrays = [getattr(histories, column.name) for column in fields(histories)]
    return sum(array.nbytes for array in [*arrays, bundle.als.item_factors])


def questions(bundle: Bundle) -> Iterator[Query]:
    """Return questions about a seeded sample of users with a history and of items that may be shown."""
    rng = np.random.default_rng(0)
    users = np.flatnonzero(np.diff(bundle.histories.indptr[: len(bundle.users) + 1]))
    for user in np.sort(rng.permutation(users)[:USERS]).tolist():
        yield Query(FOR_YOU, K, user_id=bundle.users.id_of(user))
    for item in np.sort(rng.permutation(np.flatnonzero(bundle.catalogue.servable))[:ITEMS]).tolist():
        yield Query(ALSO_BOUGHT, K, item_ids=(bundle.items.id_of(item),))


def _p99(test: SelfTest) -> float:
    return float(np.percentile(test.milliseconds, 99)) if test.milliseconds else 0.0


def _mean_popularity(bundle: Bundle, test: SelfTest) -> float:
    """Return how popular, by this bundle's best sellers, the items shown are on average."""
    scores = bundle.popular.scores[bundle.items.indices_of(test.shown)]
    return float(scores.mean()) if len(scores) else 0.0
