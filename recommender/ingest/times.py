"""Times as people write them to seconds since 1970: RFC 3339, dates, epochs, native types. Naive means UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.dataset import NO_TIME
from recommender.errors import DataError
from recommender.ingest.columns import (
    Column,
    cast_where_possible,
    compute,
    is_number,
    is_text,
    to_flags,
    to_floats,
    without_blanks,
)

DAY_SECONDS = 86_400
SECONDS_BELOW, MILLISECONDS_BELOW = 1e11, 1e14
EPOCH = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"
ZONED = r"\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$"

NAIVE_TYPE = pa.timestamp("ns")
ZONED_TYPE = pa.timestamp("ns", "UTC")


@dataclass(frozen=True, slots=True)
class Times:
    """`seconds` is int64, shape (N,), NO_TIME where there is no readable time; `empty` says where nothing stood."""

    seconds: NDArray[np.int64]
    empty: NDArray[np.bool_]


def read_times(column: Column) -> Times:
    """Return the times of a column of text, numbers, dates or timestamps; raises DataError for other types."""
    if is_text(column.type):
        text = without_blanks(column)
        return Times(_text_seconds(text), _nulls(text))
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return Times(_native_seconds(column), _nulls(column))
    if is_number(column.type):
        values = to_floats(column)
        return Times(_epoch_seconds(values), np.isnan(values))
    raise DataError(f"a column of the type {column.type} holds no times")


def _text_seconds(text: Column) -> NDArray[np.int64]:
    for parse in (_parse_naive, _parse_zoned, _parse_epoch):
        try:
            return parse(text)
        except pa.ArrowInvalid:
            continue
    return _mixed_seconds(text)


def _mixed_seconds(text: Column) -> NDArray[np.int64]:
    """Parse a column in which formats are mixed or some values are wrong."""
    text = compute.replace_substring_regex(text, r"(?i)\s*(UTC|GMT|Z)$", "Z")
    epoch = to_flags(compute.match_substring_regex(text, EPOCH))
    zoned = to_flags(compute.match_substring_regex(text, ZONED)) & ~epoch
    naive = ~_nulls(text) & ~epoch & ~zoned
    seconds = np.full(len(text), NO_TIME, dtype=np.int64)
    for mask, parse in ((epoch, _parse_epoch), (zoned, _parse_zoned), (naive, _parse_naive)):
        if mask.any():
            seconds[mask] = _parse_where_possible(text.filter(pa.array(mask)), parse)
    for row in np.flatnonzero((seconds == NO_TIME) & (zoned | naive)).tolist():
        seconds[row] = _python_seconds(text[row].as_py())
    return seconds


def _parse_where_possible(text: Column, parse: Callable[[Column], NDArray[np.int64]]) -> NDArray[np.int64]:
    parsed = cast_where_possible(text, lambda part: pa.array(parse(part)))
    return np.asarray(parsed.fill_null(NO_TIME).to_numpy(), dtype=np.int64)


def _parse_naive(text: Column) -> NDArray[np.int64]:
    return _native_seconds(text.cast(NAIVE_TYPE))


def _parse_zoned(text: Column) -> NDArray[np.int64]:
    return _native_seconds(text.cast(ZONED_TYPE))


def _parse_epoch(text: Column) -> NDArray[np.int64]:
    return _epoch_seconds(to_floats(text.cast(pa.float64())))


def _python_seconds(text: str) -> int:
    """Read what ISO 8601 allows and Arrow does not know, such as 20240131T235959Z or a year beyond 2262."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return int(NO_TIME)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() // 1)


def _native_seconds(column: Column) -> NDArray[np.int64]:
    kind = column.type
    if pa.types.is_date(kind):
        column, kind = column.cast(pa.timestamp("s")), pa.timestamp("s")
    ticks = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    whole = np.asarray(column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.where(_nulls(column), NO_TIME, whole // ticks if ticks > 1 else whole)


def _epoch_seconds(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Seconds, milliseconds or (as Google Analytics writes them) microseconds, told apart by their size."""
    size = np.abs(values)
    scale = np.where(size < SECONDS_BELOW, 1.0, np.where(size < MILLISECONDS_BELOW, 1e3, 1e6))
    seconds = np.floor(values / scale)
    usable = np.abs(seconds) < 2.0**62
    return np.where(usable, np.where(usable, seconds, 0).astype(np.int64), NO_TIME)


def _nulls(column: Column) -> NDArray[np.bool_]:
    return to_flags(column.is_null())
