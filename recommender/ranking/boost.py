"""A source whose scores are multiplied for some items, and one of items at fixed positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.candidates import Candidates, Source

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Boosted:
    """A source with the score of each item multiplied by its factor, shape (I,), all above 0.

    The source is asked once for each distinct factor, so what rises is found however low it stood.
    """

    source: Source
    factors: NDArray[np.float32]

    def top(self, n: int) -> Candidates:
        """Return the best `n` items."""
        return self.within(np.ones(len(self.factors), dtype=bool), n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` items that are allowed."""
        parts = []
        for factor in np.unique(self.factors):
            found = self.source.within(allowed & (self.factors == factor), n)
            parts.append((found.items, found.scores * factor, found.support))
        items, scores, support = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        best = np.argsort(-scores, kind="stable")[:n]
        return Candidates(items[best], scores[best], support[best])


@dataclass(frozen=True, slots=True)
class FromPins:
    """Items that somebody chose, shape (n,), in that order; all score 1."""

    items: NDArray[np.int32]

    def top(self, n: int) -> Candidates:
        """Return the first `n` items."""
        items = self.items[:n]
        return Candidates(items, np.ones(len(items), dtype=np.float32), np.zeros(len(items), dtype=np.int32))

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the first `n` items that are allowed."""
        return FromPins(self.items[allowed[self.items]]).top(n)


def at_positions(others: Sequence[T], pinned: Mapping[int, T]) -> list[T]:
    """Return a list with each of the pinned at its position, from 1, or at the end where the list is shorter."""
    placed = list(others)
    for position in sorted(pinned):
        placed.insert(position - 1, pinned[position])
    return placed
