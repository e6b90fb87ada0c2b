"""Looking many single entries of a sparse matrix up at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Lookup:
    """The entries of a matrix of `width` columns: `keys` = row * width + column, ascending, and their `values`."""

    keys: NDArray[np.int64]
    values: NDArray[np.float64]
    width: int

    @classmethod
    def of(cls, matrix: sp.csr_array) -> Lookup:
        """Take the entries of a matrix."""
        if not matrix.has_sorted_indices:
            matrix = matrix.tocsc().tocsr()  # there and back is faster than sorting
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        return cls(rows * matrix.shape[1] + matrix.indices, matrix.data.astype(np.float64), matrix.shape[1])

    def at(self, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the entries at some places, each of shape (n,), 0 where there is none or the row is -1."""
        return self.at_keys(np.where(rows < 0, -1, rows.astype(np.int64) * self.width + columns))

    def at_keys(self, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the entries at some keys, shape (n,), 0 where there is none."""
        if not len(self.keys):
            return np.zeros(len(wanted))
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[place] == wanted, self.values[place], 0.0)
