"""Matrices larger than the real ones, made from a real one so that tastes and the long tail stay.

A user is the union of two real users who share an item; an item is one of several copies of a real item. Seeded: the
same real matrix gives the same generated one.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

GENERATED = {
    "generated-10m": (200_000, 50_000, 10_000_000),
    "generated-50m": (1_000_000, 200_000, 50_000_000),
}
"""Users, items, and about how many pairs."""

USERS_AT_ONCE = 50_000


def generate(real: sp.csr_matrix, n_users: int, n_items: int, n_pairs: int) -> sp.csr_matrix:
    """Return a matrix of ones, float32 with int32 indices, a block of users at a time."""
    rng = np.random.default_rng(0)
    real = real.tocsr().astype(np.float32)
    takers = real.tocsc()
    originals = _originals(np.diff(takers.indptr), n_items)
    blocks = []
    for start in range(0, n_users, USERS_AT_ONCE):
        size = min(USERS_AT_ONCE, n_users - start)
        users, items = _unions(real, takers, size, rng)
        kept = rng.random(len(users)) < n_pairs / n_users * size / len(users)
        users, items = users[kept], _copies(items[kept], originals, rng)
        blocks.append(sp.csr_matrix((np.ones(len(users), dtype=np.float32), (users, items)), shape=(size, n_items)))
    return sp.vstack(blocks, format="csr")


def _unions(real: sp.csr_matrix, takers: sp.csc_matrix, size: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return users (0 to size) and items of the unions of `size` real users with another who shares an item."""
    one = rng.choice(np.flatnonzero(np.diff(real.indptr)), size)
    shared = real.indices[_any_of(real, one, rng)]
    other = takers.indices[_any_of(takers, shared, rng)]
    union = (real[one] + real[other]).tocoo()
    return union.row, union.col


def _any_of(matrix: sp.csr_matrix | sp.csc_matrix, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the position of one stored entry of each row (column, for CSC), none of which is empty."""
    starts, ends = matrix.indptr[rows], matrix.indptr[rows + 1]
    return starts + (rng.random(len(rows)) * (ends - starts)).astype(np.int64)


def _originals(popularity: np.ndarray, n_items: int) -> np.ndarray:
    """Return the real item of each generated one, sorted: all as often, some popular ones once more."""
    by_popularity = np.argsort(-popularity, kind="stable")
    return np.sort(np.resize(by_popularity, n_items))


def _copies(items: np.ndarray, originals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return for each real item one of its copies, at random."""
    starts = np.searchsorted(originals, items, side="left")
    ends = np.searchsorted(originals, items, side="right")
    return (starts + (rng.random(len(items)) * (ends - starts)).astype(np.int64)).astype(np.int32)
