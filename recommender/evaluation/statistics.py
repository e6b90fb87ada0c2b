"""How sure a mean is: bootstrap intervals over users, paired comparison, and many comparisons at once.

The unit is a user: cases of one user (several orders, say) are drawn together. Everything is seeded, so the same
figures have the same intervals, and runs in blocks, so memory does not grow with the number of resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 1_000
FLIPS = 9_999
CONFIDENCE = 0.95
BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Paired:
    """Mean difference a - b over n cases, its 95% interval, and the two-sided p of no difference."""

    difference: float
    low: float
    high: float
    p: float
    n: int


def bootstrap_means(
    values: Floats, units: NDArray[np.integer] | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> Floats:
    """Return the column means of resampled cases, shape (resamples, M).

    Units are drawn with replacement, as many as there are, and bring all their cases (Efron 1979, in clusters). All
    columns share the draws, so the difference of two columns is a paired bootstrap of their difference.

    Parameters
    ----------
    values : shape (N, M)
        NaN where a case has no value; a resample in which no case has one gives NaN.
    units : shape (N,), optional
        Whom each case belongs to; by default each is its own.
    """
    has_value = ~np.isnan(values)
    sums = _per_unit(np.where(has_value, values, 0.0), units)
    complete = has_value.all(axis=0)
    counts = _per_unit(has_value[:, ~complete].astype(np.float64), units)
    sizes = _per_unit(np.ones((len(values), 1)), units)
    means = np.full((resamples, values.shape[1]), np.nan)
    start = 0
    for drawn in _draws(len(sums), resamples, seed):
        rows = slice(start, start + len(drawn))
        n = np.empty((len(drawn), values.shape[1]))
        n[:, complete] = drawn @ sizes
        n[:, ~complete] = drawn @ counts
        np.divide(drawn @ sums, n, out=means[rows], where=n > 0)
        start += len(drawn)
    return means


def interval(samples: Floats, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
    """Return the ends of the central interval of each column of resampled means, two arrays of shape (M,)."""
    tail = (1 - confidence) / 2
    found = np.full((2, samples.shape[1]), np.nan)
    some = ~np.isnan(samples).all(axis=0)
    found[:, some] = np.nanquantile(samples[:, some], [tail, 1 - tail], axis=0)
    return found[0], found[1]


def sign_flip_p(
    differences: Floats, units: NDArray[np.integer] | None = None, *, flips: int = FLIPS, seed: int = 0
) -> Floats:
    """Return, for each column of paired differences, shape (N, M), the two-sided p that their mean is 0, shape (M,).

    If neither model is better, the sign of a unit's difference is a coin's: p is the share of random signs, the true
    ones included, that give a sum as far from 0. NaN counts as no difference. Fisher 1935; Phipson and Smyth 2010.
    """
    sums = _per_unit(np.nan_to_num(differences), units)
    total = sums.sum(axis=0)
    least = np.abs(total) - 1e-9 * np.abs(sums).sum(axis=0)
    as_far = np.zeros(sums.shape[1])
    rng = np.random.default_rng(seed)
    for n in _blocks(flips, len(sums)):
        heads = np.unpackbits(rng.integers(0, 256, (n, -(-len(sums) // 8)), dtype=np.uint8), axis=1, count=len(sums))
        as_far += (np.abs(2 * (heads.astype(np.float64) @ sums) - total) >= least).sum(axis=0)
    return np.asarray((as_far + 1) / (flips + 1))


def compare_paired(a: Floats, b: Floats, units: NDArray[np.integer] | None = None, *, seed: int = 0) -> Paired:
    """Compare two models by their values on the same cases, each of shape (N,), N at least 1."""
    differences = (a - b)[:, None]
    low, high = interval(bootstrap_means(differences, units, seed=seed))
    p = sign_flip_p(differences, units, seed=seed)
    return Paired(float(np.nanmean(differences)), float(low[0]), float(high[0]), float(p[0]), len(differences))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of any false alarm among them stays below the level.

    The i-th smallest of n, from 0, is multiplied by n - i, none comes out below a smaller one, and none above 1. Holm,
    Scand. J. Statist. 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted.tolist()


def _per_unit(values: Floats, units: NDArray[np.integer] | None) -> Floats:
    """Return the sums of the cases of each unit, shape (units, M)."""
    if units is None:
        return values
    _, unit_of = np.unique(units, return_inverse=True)
    n_units = int(unit_of.max(initial=-1)) + 1
    ones = np.ones(len(values))
    member = sp.csr_array((ones, (unit_of, np.arange(len(values)))), shape=(n_units, len(values)))
    return np.asarray(member @ values)


def _draws(n: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield blocks, shape (b, n), of how often each of n units is drawn in a resample of n."""
    rng = np.random.default_rng(seed)
    for size in _blocks(resamples, n):
        drawn = np.empty((size, n))
        for row in drawn:
            row[:] = np.bincount(rng.integers(0, n, n), minlength=n)
        yield drawn


def _blocks(total: int, width: int) -> Iterator[int]:
    """Yield how many rows of `width` numbers go into each block."""
    most = max(BLOCK_BYTES // (8 * max(width, 1)), 1)
    while total > 0:
        yield min(most, total)
        total -= most
