"""Which items share baskets, as far as a few hundred patterns of many items each tell it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import qr
from threadpoolctl import threadpool_limits

from recommender.models.baskets import changes
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

MOST_PATTERNS = 512
ITEMS_PER_PATTERN = 20
"""Fewest items to a pattern: with as many patterns as items they would tell of each single pair."""
SHRINKAGE = 5.0
"""Weight of baskets added to each item's: what few baskets hold has little part in the patterns."""
PASSES = 3
MOST_BASKETS = 1_000_000
"""Baskets of several items that are looked at: beyond, a seeded sample."""
BASKETS_AT_ONCE, PATTERNS_AT_ONCE = 100_000, 32

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BasketPatterns:
    """The R leading eigenvectors of what shares baskets, beyond what too few customers could make.

    P_R(j | i) = max(0, v_i . v_j) s_j / s_i. Where R is all of them, it is the weight of the baskets with both over
    that of the baskets with i, the latter plus `SHRINKAGE`.

    Attributes
    ----------
    vectors : float32, shape (I, R)
        v, the eigenvectors times the roots of their eigenvalues; zeros for items that have no part in them.
    scale : float32, shape (I,)
        s, the root of an item's weight of baskets plus `SHRINKAGE`.
    """

    vectors: Vectors
    scale: NDArray[np.float32]

    @property
    def telling(self) -> float:
        """How many patterns there are, as a share of the most: few tell of departments, not of items."""
        return float(self.vectors.shape[1] / MOST_PATTERNS)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which items have a part in the patterns, shape (I,)."""
        return np.asarray(self.vectors.any(axis=1))

    def of_pairs(self, anchor: NDArray[np.integer], item: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return P_R(item | anchor) and the cosine of v_anchor and v_item, each of shape (n,).

        The cosine leaves the first pattern out, which tells how often an item is bought at all.
        """
        product = dots(self.vectors, anchor, item)
        share = np.maximum(product, 0) * self.scale[item] / self.scale[anchor]
        first, length = self._first, self._length
        cosine = (product - first[anchor] * first[item]) / (length[anchor] * length[item])
        return share, np.clip(cosine, -1, 1)

    @cached_property
    def _first(self) -> Floats:
        """The first component of each item, shape (I,)."""
        return np.asarray(self.vectors[:, :1].sum(axis=1), dtype=np.float64)

    @cached_property
    def _length(self) -> Floats:
        """The length of the others, shape (I,), just above 0 where there are none."""
        return np.asarray(np.maximum(np.linalg.norm(self.vectors[:, 1:], axis=1), 1e-6), dtype=np.float64)


def fit_basket_patterns(
    by_basket: sp.csr_array,
    weights: NDArray[np.float64],
    known: NDArray[np.bool_],
    start: Vectors,
    *,
    most: int,
    least_weight: float,
    progress: Progress = silent,
) -> BasketPatterns:
    """Return at most `most` patterns of which `known` items, shape (I,), share baskets.

    They are the eigenvectors of the off-diagonal part of D^-1/2 B' W B D^-1/2, with B baskets x items as ones, W the
    `weights` of the baskets, D those of the items plus `SHRINKAGE`, by subspace iteration (Halko, Martinsson, Tropp,
    SIAM Review 2011) from `start`, shape (I, F), and random numbers. This is correspondence analysis (Benzecri 1973)
    without the items' own masses. Baskets that weigh `least_weight` together can make an eigenvalue of
    least_weight / (least_weight + SHRINKAGE) by themselves: patterns up to it are left out.
    """
    items = np.flatnonzero(known)
    n_items = len(known)
    item_weight = np.asarray(by_basket.T @ weights)
    scale = np.sqrt(item_weight + SHRINKAGE)
    rank = min(most, len(items) // ITEMS_PER_PATTERN)
    if rank == 0:
        return BasketPatterns(np.zeros((n_items, 0), dtype=np.float32), scale.astype(np.float32))
    telling, telling_weights = _telling(by_basket[:, items], weights)
    telling = (sp.diags_array(np.sqrt(telling_weights)) @ telling @ sp.diags_array(1 / scale[items])).tocsr()
    shared = _Shared.of(telling.astype(np.float32))
    with ThreadPoolExecutor(available_threads()) as pool, threadpool_limits(limits=1, user_api="blas"):
        basis = _orthonormal(_first(start[items], np.sqrt(item_weight[items]), rank))
        for done in range(1, PASSES + 1):
            basis = _orthonormal(shared.times(basis, pool))
            progress("fit patterns", done, PASSES)
        inner = basis.T @ shared.times(basis, pool)
        values, vectors = np.linalg.eigh((inner + inner.T) / 2)
        kept = np.flatnonzero(values > least_weight / (least_weight + SHRINKAGE))[::-1]
        found = np.zeros((n_items, len(kept)), dtype=np.float32)
        found[items] = basis @ (vectors[:, kept] * np.sqrt(values[kept]))
    return BasketPatterns(found, scale.astype(np.float32))


def dots(vectors: Vectors, first: NDArray[np.integer], second: NDArray[np.integer]) -> Floats:
    """Return the products of pairs of rows, shape (n,), faster where equal `first` follow each other."""
    found = np.empty(len(first))
    bounds = np.append(np.flatnonzero(changes(first)), len(first))
    for start, end in pairwise(bounds):
        found[start:end] = vectors.take(second[start:end], axis=0) @ vectors[first[start]]
    return found


@dataclass(frozen=True, slots=True)
class _Shared:
    """The off-diagonal part of X' X, X of shape (B, n) being cut into `blocks` of rows; `own` is its diagonal."""

    blocks: list[sp.csr_array]
    own: NDArray[np.float32]

    @classmethod
    def of(cls, x: sp.csr_array) -> _Shared:
        """Cut the rows."""
        blocks = [x[start : start + BASKETS_AT_ONCE] for start in range(0, x.shape[0], BASKETS_AT_ONCE)]
        return cls(blocks, np.asarray(x.multiply(x).sum(axis=0), dtype=np.float32).ravel())

    def times(self, basis: Vectors, pool: ThreadPoolExecutor) -> Vectors:
        """Return the product with some columns, shape (n, R); the same however many threads there are."""
        product = np.empty(basis.shape, dtype=np.float32, order="F")

        def fill(first: int) -> None:
            some = slice(first, first + PATTERNS_AT_ONCE)
            product[:, some] = self._times(np.ascontiguousarray(basis[:, some]))

        list(pool.map(fill, range(0, basis.shape[1], PATTERNS_AT_ONCE)))
        return product

    def _times(self, columns: Vectors) -> Vectors:
        product = -self.own[:, None] * columns
        for block in self.blocks:
            product += block.T @ (block @ columns)
        return product


def _orthonormal(columns: Vectors) -> Vectors:
    """Return an orthonormal basis of the space of some columns, which are overwritten."""
    basis: Vectors = qr(columns, mode="economic", overwrite_a=True, check_finite=False)[0]
    return basis


def _telling(by_basket: sp.csr_array, weights: NDArray[np.float64]) -> tuple[sp.csr_array, NDArray[np.float64]]:
    """Return the baskets of several items, where they are many a sample that weighs as much, and their weights."""
    several = np.flatnonzero(np.diff(by_basket.indptr) > 1)
    chosen = several
    if len(several) > MOST_BASKETS:
        chosen = np.sort(np.random.default_rng(0).permutation(several)[:MOST_BASKETS])
    total = weights[chosen].sum()
    return by_basket[chosen], weights[chosen] * (weights[several].sum() / total if total > 0 else 1)


def _first(start: Vectors, root_weight: NDArray[np.float64], rank: int) -> Vectors:
    """Return the columns that the iteration starts from, shape (n, rank)."""
    random = np.random.default_rng(0).standard_normal((len(start), rank), dtype=np.float32)
    guessed = np.concatenate([root_weight[:, None], start * root_weight[:, None]], axis=1)[:, :rank]
    random[:, : guessed.shape[1]] = guessed
    return random
