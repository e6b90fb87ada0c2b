"""Arrow columns as NumPy and as single Python values, by ways that do not import pandas: a server does without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_numpy(column: Any) -> NDArray[Any]:
    """Return an Arrow column of numbers or flags without nulls, shape (N,), as NumPy.

    Arrow's own `to_numpy` imports pandas; DLPack does not, but knows no bits.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_boolean(array.type):
        return np.from_dlpack(array.cast(pa.uint8())).astype(bool)
    return np.from_dlpack(array)


def reader_of(column: Any) -> Callable[[int], object]:
    """Return a function from a place to the value of a column there, None for null, which Arrow takes long to give.

    Texts and floats are read where they lie, so that processes which map one file share them; others become a list.
    """
    array = column.combine_chunks()
    if pa.types.is_floating(array.type) and not array.null_count:
        return to_numpy(array).item
    if (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)) and len(array):
        return _text_reader(array)
    values: list[object] = array.to_pylist()
    return values.__getitem__


def _text_reader(array: Any) -> Callable[[int], str | None]:
    _, offsets, data = array.buffers()
    width: Any = np.int32 if pa.types.is_string(array.type) else np.int64
    ends = np.frombuffer(memoryview(offsets), width)[array.offset : array.offset + len(array) + 1]
    text = memoryview(data or b"")
    missing = to_numpy(array.is_null()) if array.null_count else None

    def read(place: int) -> str | None:
        if missing is not None and missing[place]:
            return None
        return str(text[ends[place] : ends[place + 1]], "utf-8")

    return read
