"""A weighted sum of sources that differ in scale: each is divided by the best score it has to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.candidates import Candidates, Source, best_of
from recommender.ranking.rules import among

DEPTH = 300
"""Fewest candidates that each part is asked for: what stands lower in all of them is not looked at."""

FEW = 8192
"""Up to so many allowed items all of them are scored: that takes less time than to ask each part for its best."""


class Scorer(Source, Protocol):
    """A source that can also say what it thinks of any item."""

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,)."""


@dataclass(frozen=True)
class Part:
    """One scorer of a blend; `name` is what an item is said to come from that owes it most.

    The best score among items that are not `hidden`, shape (n,), counts as 1.
    """

    name: str
    weight: float
    scorer: Scorer
    hidden: NDArray[np.int32]

    @cached_property
    def best(self) -> float:
        """The score that counts as 1, 0 where the scorer has nothing to say."""
        searched = "_first" in vars(self)  # a search costs most here
        found = self._first if searched else self.scorer.top(len(self.hidden) + 1)
        shown = ~among(found.items, self.hidden)
        return float(found.scores[shown.argmax()]) if shown.any() else 0.0

    def top(self, n: int) -> Candidates:
        """Return the best `n` candidates."""
        return self._first.best(n) if n <= DEPTH else self.scorer.top(n)

    def scaled(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,), in 0..1."""
        if self.best <= 0:
            return np.zeros(len(items), dtype=np.float32)
        scores = self.scorer.of(items) / np.float32(self.best)
        return np.asarray(np.minimum(np.maximum(scores, 0, out=scores), 1, out=scores))

    @cached_property
    def _first(self) -> Candidates:
        return self.scorer.top(max(len(self.hidden) + 1, DEPTH))


@dataclass(frozen=True, slots=True)
class Blend:
    """The union of the parts' best candidates, ranked by sum weight * score / best score of each part.

    A score below 0 counts as 0, and what scores 0 is no candidate. Sums are divided by the sum of the weights, so they
    lie in 0..1.
    """

    parts: Sequence[Part]

    def top(self, n: int) -> Candidates:
        """Return the best `n` of the candidates."""
        return self._ranked(_union([part.top(max(n, DEPTH)) for part in self.parts]), n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` of the candidates that are allowed; of FEW allowed items all are candidates."""
        if np.count_nonzero(allowed) <= FEW:
            return self._ranked(np.flatnonzero(allowed).astype(np.int32), n)
        return self._ranked(_union([part.scorer.within(allowed, max(n, DEPTH)) for part in self.parts]), n)

    def shares(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return what each part adds to the score of each item, shape (parts, n)."""
        weights = np.array([part.weight for part in self.parts], dtype=np.float32)
        return np.asarray(self.features(items) * (weights / weights.sum())[:, None])

    def features(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items by each part, in 0..1, shape (parts, n)."""
        found = np.empty((len(self.parts), len(items)), dtype=np.float32)
        for row, part in zip(found, self.parts, strict=True):
            row[:] = part.scaled(items)
        return found

    def sources(self, items: NDArray[np.int32]) -> list[str]:
        """Return the name of the part that adds most to the score of each item."""
        return [self.parts[place].name for place in self.shares(items).argmax(axis=0).tolist()]

    def pool(self, allowed: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the allowed candidates, ascending."""
        return _union([part.scorer.within(allowed, DEPTH) for part in self.parts])

    def _ranked(self, items: NDArray[np.int32], n: int) -> Candidates:
        return best_of(items, self.shares(items).sum(axis=0), n)


def _union(found: Sequence[Candidates]) -> NDArray[np.int32]:
    return np.unique(np.concatenate([candidates.items for candidates in found]))
