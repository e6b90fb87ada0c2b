"""The inner loops that everything waits for: rows of ALS, neighbours of item-knn, owners items share, exact search.

`reference` is their specification in plain NumPy, `src/` the same in C++, compiled into `_native` where a compiler was
found; without it `native` is None and implicit, SciPy, FAISS and the reference do the work. Models and index may import
this package; it knows arrays only.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from recommender.kernels import _native as native
else:
    native: ModuleType | None
    try:
        from recommender.kernels import _native as native
    except ImportError:
        native = None

WIDTH_UNIT = 16
"""The native kernels take vectors whose length is a multiple of this."""

CACHE_LINE = 64

MISSING = "the native kernels are not built (no C++ compiler when alsobought was installed): "


def has_native() -> bool:
    """Return whether the compiled kernels are there."""
    return native is not None


def solver_name(solver: str) -> str:
    """Return the name of a solver of ALS with, for the native one, the kind of processor it was compiled for."""
    return f"native ({native.processors()[0]})" if solver == "native" else solver


def padded_width(factors: int) -> int:
    """Return the length to which vectors of length `factors` are padded for the native kernels."""
    return -(-factors // WIDTH_UNIT) * WIDTH_UNIT


def aligned_zeros(rows: int, width: int) -> NDArray[np.float32]:
    """Return zeros, shape (rows, width), that start at a cache line: loads that straddle two cost twice."""
    room = np.zeros(rows * width + CACHE_LINE // 4, dtype=np.float32)
    start = -room.ctypes.data % CACHE_LINE // 4
    return room[start : start + rows * width].reshape(rows, width)


def padded(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors, shape (N, F), as contiguous float32 zeros up to the padded width; fitting ones as they are."""
    n, factors = vectors.shape
    width = padded_width(factors)
    if width == factors:
        return np.ascontiguousarray(vectors, dtype=np.float32)
    wide = aligned_zeros(n, width)
    wide[:, :factors] = vectors
    return wide


__all__ = ["MISSING", "WIDTH_UNIT", "aligned_zeros", "has_native", "native", "padded", "padded_width", "solver_name"]
