"""Shares with 95% intervals, also where the trials come in clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959964
"""Of the normal distribution, two-sided 95%."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """`successes` of the trials, their share and its 95% interval; all three are None where there were no trials."""

    successes: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def proportion(successes: int, trials: int, effect: float = 1.0) -> Proportion:
    """Return a share with Wilson's interval (1927), on trials / `effect` trials, the effective sample size.

    That is the way of Korn and Graubard (1998) for clustered samples, with Wilson's interval in place of an exact one.
    """
    if trials == 0:
        return Proportion(successes)
    share, n = successes / trials, trials / effect
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return Proportion(successes, share, max(0.0, centre - half), min(1.0, centre + half))


def design_effect(successes: Sequence[int], trials: Sequence[int]) -> float:
    """Return by how much clusters widen the variance of a share, at least 1: shapes (clusters,) both.

    The variance is that of a ratio of two sums over clusters, linearised (Cochran 1977, Sampling Techniques, 3.12),
    over that of as many independent trials. Where it can't be told, all or none being successes, it is 1.
    """
    hits, shown = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    n, clusters = float(shown.sum()), len(shown)
    share = float(hits.sum()) / n
    if clusters < 2 or share in (0.0, 1.0):
        return 1.0
    of_ratio = clusters / (clusters - 1) * float(((hits - share * shown) ** 2).sum()) / n**2
    return max(1.0, of_ratio / (share * (1 - share) / n))
