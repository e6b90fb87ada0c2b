"""Reading a column whatever its Arrow type: text, numbers, and casts that spare the rest from one bad value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from recommender.errors import DataError

Column: TypeAlias = Any
"""A pyarrow.Array of any type; the stubs have no name for that."""

compute: Any = pyarrow.compute
"""Arrow's functions, whose stubs ask for the exact type of each column."""


def read_numbers(column: Column) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers, NaN where empty, and a mask of the values that are no finite float32; both have shape (N,)."""
    if is_text(column.type):
        text = without_blanks(column)
        numbers = cast_where_possible(text, lambda part: part.cast(pa.float64()))
        values = to_floats(numbers)
        bad = to_flags(text.is_valid()) & ~(np.abs(values) <= np.finfo(np.float32).max)
        return np.where(bad, np.nan, values), bad
    if not is_number(column.type):
        raise DataError(f"a column of the type {column.type} holds no numbers")
    values = to_floats(column)
    bad = np.abs(values) > np.finfo(np.float32).max
    return np.where(bad, np.nan, values), bad


def without_blanks(column: Column) -> Column:
    """Return text without blanks at its ends, null where nothing is left."""
    text = column.cast(pa.string())
    trimmed = compute.utf8_trim_whitespace(text)
    return compute.if_else(compute.equal(trimmed, ""), None, trimmed)


def cast_where_possible(values: Column, cast: Callable[[Column], Column]) -> Column:
    """Return `cast(values)`, null for each value it refuses: what fails is halved until the culprit stands alone."""
    try:
        return cast(values)
    except pa.ArrowInvalid:
        if len(values) == 1:
            return pa.nulls(1, cast(values.slice(0, 0)).type)
        half = len(values) // 2
        parts = [cast_where_possible(part, cast) for part in (values.slice(0, half), values.slice(half))]
        return pa.concat_arrays(parts)


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column holds strings."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def is_number(kind: pa.DataType) -> bool:
    """Say whether a column holds numbers (or nothing at all)."""
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return numeric or pa.types.is_null(kind)


def to_floats(numbers: Column) -> NDArray[np.float64]:
    """Return numbers of any type as float64, NaN where null."""
    return np.asarray(numbers.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def to_flags(flags: Column) -> NDArray[np.bool_]:
    """Return booleans as NumPy, False where null."""
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
