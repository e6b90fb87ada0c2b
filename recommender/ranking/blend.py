"""A weighted sum of sources that differ in scale: each is divided by the best score it has to give."""

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
    """One scorer of a blend.

    `name` is what an item is said to come from that owes it most; `best` is the score that counts as 1, 0 where the
    scorer has nothing to say; `first` are its best candidates, DEPTH of them at least if there are so many.
    """

    name: str
    weight: float
    scorer: Scorer
    best: float
    first: Candidates

    @classmethod
    def of(cls, name: str, weight: float, scorer: Scorer, hidden: NDArray[np.int32]) -> Part:
        """Return a part whose best score is that of the best item that is not hidden, shape (n,)."""
        first = scorer.top(max(len(hidden) + 1, DEPTH))
        scores = first.scores[~np.isin(first.items, hidden)]
        return cls(name, weight, scorer, float(scores[0]) if len(scores) else 0.0, first)

    def top(self, n: int) -> Candidates:
        """Return the best `n` candidates, those of the first look where they are enough: a search costs most here."""
        return self.first.best(n) if n <= DEPTH else self.scorer.top(n)

    def scaled(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,), in 0..1."""
        if self.best <= 0:
            return np.zeros(len(items), dtype=np.float32)
        return np.asarray(np.clip(self.scorer.of(items) / np.float32(self.best), 0, 1))


@dataclass(frozen=True, slots=True)
class Blend:
    """The union of the parts' best candidates, ranked by sum weight * score / best score of each part.

    A score below 0 counts as 0. Sums are divided by the sum of the weights, so they lie in 0..1.
    """

    parts: Sequence[Part]

    def top(self, n: int) -> Candidates:
        """Return the best `n` of the candidates."""
        return self._ranked([part.top(max(n, DEPTH)) for part in self.parts], n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` of the candidates that are allowed."""
        return self._ranked([part.scorer.within(allowed, max(n, DEPTH)) for part in self.parts], n)

    def shares(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return what each part adds to the score of each item, shape (parts, n)."""
        weights = np.array([part.weight for part in self.parts], dtype=np.float32)
        return np.asarray(self.features(items) * (weights / weights.sum())[:, None])

    def features(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items by each part, in 0..1, shape (parts, n)."""
        return np.stack([part.scaled(items) for part in self.parts])

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
