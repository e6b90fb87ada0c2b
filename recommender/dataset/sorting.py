"""Distinct values of long arrays of integers, by sorting: `np.unique` takes many times as long."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 63


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct values of an array of shape (n,), ascending."""
    ordered = np.sort(values)
    return ordered[_starts(ordered)]


def first_places(values: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct values of integers of shape (n,), ascending, and the first place of each."""
    order = stable_order(values)
    ordered = values[order].astype(np.int64, copy=False)
    starts = _starts(ordered)
    return ordered[starts], order[starts]


def distinct_places(values: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct values of integers of shape (n,), ascending, the first place of each, and each one's number.

    The third array, of shape (n,), says for each place which of the distinct values stands there.
    """
    order = stable_order(values)
    ordered = values[order].astype(np.int64, copy=False)
    starts = _starts(ordered)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(starts) - 1
    return ordered[starts], order[starts], number


def stable_order(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the places of integers, shape (n,), in their order; of equal ones, the earlier first.

    Value and place are sorted as one number, where both fit into one.
    """
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    least, bits = int(values.min()), (len(values) - 1).bit_length()
    if (int(values.max()) - least).bit_length() + bits > MOST_BITS:
        return np.argsort(values, kind="stable")
    packed = values.astype(np.int64)
    packed -= least
    packed <<= bits
    packed |= np.arange(len(values))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def _starts(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value, shape (n,), differs from the one before it; the first does."""
    starts = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=starts[1:])
    return starts
