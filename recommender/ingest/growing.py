"""An array that grows in place: millions of rows in small batches without a second copy at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

GROWTH = 1.25


class GrowingArray:
    """Collects batches of one column; `finish` gives it as one array."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._values: NDArray[Any] = np.empty(1 << 16, dtype=dtype)
        self._size = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Append values."""
        size = self._size + len(values)
        if size > len(self._values):
            # Nobody else refers to it, so the memory may be extended where it is.
            self._values.resize(int(size * GROWTH), refcheck=False)
        self._values[self._size : size] = values
        self._size = size

    def finish(self) -> NDArray[Any]:
        """Return all values; nothing can be appended afterwards."""
        self._values.resize(self._size, refcheck=False)
        return self._values
