"""A slate whose items differ: maximal marginal relevance over item vectors and categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Diversity:
    """How much the items of a slate should differ.

    Attributes
    ----------
    dial : float
        0: by score alone; 1: the best first, then whatever is least like what stands before it.
    vectors : float32, shape (I, F)
        Item factors; zero rows are like nothing.
    category : int32, shape (I,)
        Category of each item, -1 where unknown.
    """

    dial: float
    vectors: NDArray[np.float32]
    category: NDArray[np.int32]

    def order(
        self, items: NDArray[np.int32], scores: NDArray[np.float32], before: NDArray[np.int32], k: int
    ) -> NDArray[np.int64]:
        """Return the order, as places, in which items, shape (n,), follow `before`: k by `mmr`, then by score."""
        everyone = np.concatenate([items, before])
        alike = similarities(self.vectors[everyone], self.category[everyone])
        first = mmr(scores, alike[: len(items)], self.dial, min(k, len(items)))
        rest = np.setdiff1d(np.argsort(-scores, kind="stable"), first, assume_unique=True)
        return np.concatenate([first, rest[np.argsort(-scores[rest], kind="stable")]])


def mmr(scores: NDArray[np.float32], alike: NDArray[np.float32], dial: float, k: int) -> NDArray[np.int64]:
    """Return the places of k of n candidates, in the order of their maximal marginal relevance.

    Carbonell, Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries"
    (SIGIR 1998): each time the candidate with the largest (1 - dial) score - dial max similarity to what was chosen
    before it. Scores, shape (n,), are divided by the best one; `alike`, shape (n, n + b), holds similarities in 0..1 to
    the candidates and to b items that stand before all of them. Of equals the earlier one is chosen.
    """
    n = len(scores)
    relevance = scores / max(float(scores.max(initial=0)), 1e-12)
    nearest = alike[:, n:].max(axis=1, initial=0)
    left = np.ones(n, dtype=bool)
    order = []
    for _ in range(k):
        gain = np.where(left, (1 - dial) * relevance - dial * nearest, -np.inf)
        best = int(gain.argmax())
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, alike[:, best])
    return np.array(order, dtype=np.int64)


def similarities(vectors: NDArray[np.float32], category: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return how alike n items are, shape (n, n), in 0..1.

    The mean of the cosine of their vectors, shape (n, F), not below 0, and of whether they are of one category; of the
    cosine alone where none of them has a category.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    cosine = np.clip(unit @ unit.T, 0, 1)
    if (category < 0).all():
        return np.asarray(cosine)
    of_one = (category[:, None] == category[None, :]) & (category[:, None] >= 0)
    return np.asarray((cosine + of_one) / 2, dtype=np.float32)
