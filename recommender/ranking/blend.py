"""A weighted sum of sources that differ in scale: each is divided by the best score it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.candidates import Candidates, Source

DEPTH = 300
"""Fewest candidates that each part is asked for: what stands lower in all of them is not looked at."""


class Scorer(Source, Protocol):
    """A source that can also say what it thinks of any item."""

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One scorer of a blend; `name` is what an item is said to come from that owes it most."""

    name: str
    weight: float
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Blend:
    """The union of the parts' best candidates, ranked by sum weight * score / best score of the part.

    A score below 0 counts as 0. Sums are divided by the sum of the weights, so they lie in 0..1.
    """

    parts: Sequence[Part]

    def top(self, n: int) -> Candidates:
        """Return the best `n` of the candidates."""
        return self._ranked([part.scorer.top(max(n, DEPTH)) for part in self.parts], n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` of the candidates that are allowed."""
        return self._ranked([part.scorer.within(allowed, max(n, DEPTH)) for part in self.parts], n)

    def shares(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return what each part adds to the score of each item, shape (parts, n)."""
        weights = np.array([part.weight for part in self.parts], dtype=np.float32)
        return self.features(items) * (weights / weights.sum())[:, None]

    def features(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items by each part, in 0..1, shape (parts, n)."""
        return np.stack([_scaled(part.scorer, items) for part in self.parts])

    def sources(self, items: NDArray[np.int32]) -> list[str]:
        """Return the name of the part that adds most to the score of each item."""
        return [self.parts[place].name for place in self.shares(items).argmax(axis=0).tolist()]

    def pool(self, allowed: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the allowed candidates, ascending."""
        return _union([part.scorer.within(allowed, DEPTH) for part in self.parts])

    def _ranked(self, found: Sequence[Candidates], n: int) -> Candidates:
        items = _union(found)
        scores = self.shares(items).sum(axis=0)
        best = np.argsort(-scores, kind="stable")[:n]
        return Candidates(items[best], scores[best], np.zeros(len(best), dtype=np.int32))


def _union(found: Sequence[Candidates]) -> NDArray[np.int32]:
    return np.unique(np.concatenate([candidates.items for candidates in found]))


def _scaled(scorer: Scorer, items: NDArray[np.int32]) -> NDArray[np.float32]:
    best = scorer.top(1).scores
    if len(best) == 0 or best[0] <= 0:
        return np.zeros(len(items), dtype=np.float32)
    return np.clip(scorer.of(items) / best[0], 0, 1)
