"""Cutting a product of sparse matrices into blocks of rows, so that memory has a bound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

ENTRIES_AT_ONCE = 1 << 23


def pair_blocks(
    left: sp.csr_array | sp.csr_matrix, lengths: NDArray[np.integer], pairs: int, most: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield ranges of at most `most` rows of `left`, shape (n, m), that meet about `pairs` entries of the right factor.

    `lengths`, shape (m,), are the entries in each row of the right factor. A row that meets more stands alone.
    """
    until = _met_before(left, lengths)
    start, n = 0, left.shape[0]
    while start < n:
        end = int(np.searchsorted(until, until[start] + pairs, side="right")) - 1
        end = min(max(end, start + 1), start + (most or n), n)
        yield start, end
        start = end


def _met_before(left: sp.csr_array | sp.csr_matrix, lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return how many entries of the right factor all rows before each one meet, shape (n + 1,)."""
    met, total = np.zeros(left.shape[0] + 1, dtype=np.int64), 0
    for start in range(0, len(left.indices), ENTRIES_AT_ONCE):
        until = total + np.cumsum(lengths[left.indices[start : start + ENTRIES_AT_ONCE]], dtype=np.int64)
        first, end = np.searchsorted(left.indptr, [start, start + len(until)], side="right")
        met[first:end] = until[left.indptr[first:end] - start - 1]
        total = int(until[-1])
    return met
