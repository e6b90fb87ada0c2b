"""What is known of each pair that the co-purchase model keeps, beyond its score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAIR, CATEGORY, FACTORS = 0, 1, 2
"""What a pair stands on: customers who bought both, what the item's category is bought with, or baskets of one kind."""
Z = 1.96


@dataclass(frozen=True, slots=True)
class PairFacts:
    """Facts in the places of a `SimilarityModel` of pairs, and what they are measured against.

    Attributes
    ----------
    ground : uint8, shape (nnz,)
        PAIR, CATEGORY or FACTORS.
    together : int32, shape (nnz,)
        Baskets that hold both.
    ratio : float32, shape (nnz,)
        Baskets that hold both over what chance lets expect (`Chance`), shrunk: below 1 they take each other's place.
    usual : float32, shape (nnz,)
        The ratio of the other pairs of their category; 1 where they are of different ones.
    category_ratio : float32, shape (C,)
        The same of two items of one category.
    baskets : int32, shape (I,)
        Baskets that hold the item.
    n_baskets : int64, shape (1,)
    """

    ground: NDArray[np.uint8]
    together: NDArray[np.int32]
    ratio: NDArray[np.float32]
    usual: NDArray[np.float32]
    category_ratio: NDArray[np.float32]
    baskets: NDArray[np.int32]
    n_baskets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairStatistics:
    """How two items hang together, over baskets; the bounds are those of a 95% interval of the lift."""

    confidence: float
    lift: float
    lift_low: float
    lift_high: float
    log_likelihood_ratio: float


def pair_statistics(together: int, of_anchor: int, of_item: int, n_baskets: int) -> PairStatistics:
    """Return confidence, lift and log-likelihood ratio of a pair from counts of baskets.

    confidence = P(item | anchor) and lift = P(item | anchor) / P(item) are those of Agrawal, Srikant (VLDB 1994) and
    Brin et al. (SIGMOD 1997). The interval is that of log lift by the delta method, with half a basket added to each
    count so that it exists where none holds both. The log-likelihood ratio is -2 log lambda of Dunning (Computational
    Linguistics 1993): above 10.83 such a table comes by chance once in a thousand times.
    """
    confidence = together / of_anchor
    lift = confidence * n_baskets / of_item
    a, n, i, j = together + 0.5, n_baskets + 1, of_anchor + 0.5, of_item + 0.5
    error = float(np.sqrt(max(1 / a - 1 / i - 1 / j + 2 * a / (i * j) - 1 / n, 0)))
    middle = float(np.log(a * n / (i * j)))
    table = np.array(
        [[together, of_anchor - together], [of_item - together, n_baskets - of_anchor - of_item + together]]
    )
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n_baskets
    cells = table > 0
    ratio = 2 * float((table[cells] * np.log(table[cells] / expected[cells])).sum())
    return PairStatistics(
        confidence, lift, float(np.exp(middle - Z * error)), float(np.exp(middle + Z * error)), max(ratio, 0.0)
    )
