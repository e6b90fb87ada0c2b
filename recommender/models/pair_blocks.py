"""Cutting a product of sparse matrices into blocks of rows, so that memory has a bound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def pair_blocks(
    left: sp.csr_array | sp.csr_matrix, lengths: NDArray[np.integer], pairs: int, most: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield ranges of at most `most` rows of `left`, shape (n, m), that meet about `pairs` entries of the right factor.

    `lengths`, shape (m,), are the entries in each row of the right factor. A row that meets more stands alone.
    """
    until = np.concatenate([[0], np.cumsum(lengths[left.indices])])[left.indptr]
    start, n = 0, left.shape[0]
    while start < n:
        end = int(np.searchsorted(until, until[start] + pairs, side="right")) - 1
        end = min(max(end, start + 1), start + (most or n), n)
        yield start, end
        start = end
