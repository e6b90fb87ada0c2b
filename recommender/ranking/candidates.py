"""Where candidates come from, once per fitted shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommender.index import ItemIndex
from recommender.models import FactorModel, ItemScores, SimilarityModel


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items, scores and support, each of shape (n,), best first; support is 0 where a source has none."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    support: NDArray[np.int32]

    def best(self, n: int) -> Candidates:
        """Return the first `n`."""
        return Candidates(self.items[:n], self.scores[:n], self.support[:n])


class Source(Protocol):
    """A ranked list of items that is only computed as far as it is asked for."""

    def top(self, n: int) -> Candidates:
        """Return the best `n` of all items; fewer mean there are no more."""

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` among the items a mask, shape (I,), allows; fewer mean there are no more."""


@dataclass(frozen=True, slots=True)
class FromSimilarity:
    """The neighbours of one item."""

    model: SimilarityModel
    anchor: int

    def top(self, n: int) -> Candidates:
        """Return the best `n` neighbours."""
        items, scores, support = self.model.row(self.anchor)
        return Candidates(items[:n], scores[:n], support[:n])

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` neighbours that are allowed."""
        items, scores, support = self.model.row(self.anchor)
        keep = np.flatnonzero(allowed[items])[:n]
        return Candidates(items[keep], scores[keep], support[keep])


@dataclass(frozen=True, slots=True)
class FromIndex:
    """The nearest item factors to a vector of shape (F,); items that point away from it are no candidates."""

    index: ItemIndex
    query: NDArray[np.float32]

    def top(self, n: int) -> Candidates:
        """Return the nearest `n` items, as good as the index finds them."""
        return _positive(*self.index.search(self.query, n))

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the nearest `n` allowed items, exactly."""
        return _positive(*self.index.search_within(self.query, allowed, n))


@dataclass(frozen=True, slots=True)
class FromFactors:
    """All items by the inner product of their factors with a user's, shape (F,)."""

    index: ItemIndex
    model: FactorModel
    user_factors: NDArray[np.float32]

    def top(self, n: int) -> Candidates:
        """Return the best `n` items, as good as the index finds them."""
        return FromIndex(self.index, self.user_factors).top(n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` allowed items, exactly."""
        return FromIndex(self.index, self.user_factors).within(allowed, n)

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,)."""
        return self.model.scores(self.user_factors, items)


@dataclass(frozen=True)
class FromAll:
    """One score per item, shape (I,), made for this request; `some`, ascending, are all that score above 0."""

    scores: NDArray[np.float32]
    some: NDArray[np.int32]

    @classmethod
    def scored(cls, scores: NDArray[np.float32]) -> FromAll:
        """Take scores that may be above 0 anywhere."""
        return cls(scores, np.flatnonzero(scores > 0).astype(np.int32))

    def top(self, n: int) -> Candidates:
        """Return the best `n` items."""
        return best_of(self.some, self.scores[self.some], n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` items that are allowed."""
        items = self.some[allowed[self.some]]
        return best_of(items, self.scores[items], n)

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,)."""
        return self.scores[items]


@dataclass(frozen=True, slots=True)
class FromNeighbours:
    """The nearest items to one item: from its stored list as far as that reaches, else by a search."""

    stored: FromSimilarity
    search: FromIndex

    def top(self, n: int) -> Candidates:
        """Return the nearest `n` items."""
        found = self.stored.top(n)
        return found if len(found.items) == n else self.search.top(n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the nearest `n` allowed items, exactly."""
        return self.search.within(allowed, n)


@dataclass(frozen=True, slots=True)
class Only:
    """The candidates of another source that a mask, shape (I,), allows."""

    source: Source
    mask: NDArray[np.bool_]

    def top(self, n: int) -> Candidates:
        """Return the best `n` of them."""
        return self.source.within(self.mask, n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` of them that are allowed too."""
        return self.source.within(self.mask & allowed, n)


@dataclass(frozen=True, slots=True)
class FromScores:
    """One number per item."""

    model: ItemScores

    def top(self, n: int) -> Candidates:
        """Return the best `n` items."""
        return _scored(self.model, self.model.order[:n])

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` items that are allowed."""
        order, found, start, chunk = self.model.order, self.model.order[:0], 0, 4 * n
        while len(found) < n and start < len(order):
            some = order[start : start + chunk]
            found = np.concatenate([found, some[allowed[some]]])
            start, chunk = start + chunk, 4 * chunk
        return _scored(self.model, found[:n])

    def of(self, items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the scores of items, shape (n,)."""
        return self.model.scores[items]


@dataclass(frozen=True, slots=True)
class FromCategory:
    """One number per item, only of the items of one category; `category`, shape (I,), gives that of each item."""

    model: ItemScores
    category: NDArray[np.int32]
    code: int

    def top(self, n: int) -> Candidates:
        """Return the best `n` items of the category."""
        return self.within(np.ones(len(self.category), dtype=bool), n)

    def within(self, allowed: NDArray[np.bool_], n: int) -> Candidates:
        """Return the best `n` items of the category that are allowed."""
        return FromScores(self.model).within(allowed & (self.category == self.code), n)


def best_of(items: NDArray[np.int32], scores: NDArray[np.float32], n: int) -> Candidates:
    """Return the best `n` of some items by their scores, each of shape (m,), of those above 0; ties as they come."""
    least = np.partition(scores, -n)[-n] if 0 < n < len(scores) else 0
    places = np.flatnonzero((scores >= least) & (scores > 0))
    items, scores = items[places], scores[places]
    best = np.argsort(-scores, kind="stable")[:n]
    return Candidates(items[best], scores[best], np.zeros(len(best), dtype=np.int32))


def _scored(model: ItemScores, items: NDArray[np.int32]) -> Candidates:
    return Candidates(items, model.scores[items], model.support[items])


def _positive(items: NDArray[np.int32], scores: NDArray[np.float32]) -> Candidates:
    n = int(np.count_nonzero(scores > 0))
    return Candidates(items[:n], scores[:n], np.zeros(n, dtype=np.int32))
