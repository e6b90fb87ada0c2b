"""Ids: strings from the first byte, whatever type the source gives them, to dense integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recommender.dataset import MAX_ID_BYTES, IdMap
from recommender.errors import DataError
from recommender.ingest.checks import Reason, Reasons
from recommender.ingest.columns import Column, compute, is_text, to_flags

MISSING = -1
FLOAT_EXACT = 2.0**53
CONTROL = r"\p{Cc}"
SPACED = r"^\s|\s$"


@dataclass(frozen=True, slots=True)
class IdColumn:
    """The ids of N rows, each distinct one held once.

    Attributes
    ----------
    texts : sequence of str or None
        The distinct values, None where missing.
    codes : int32, shape (N,)
        Position in `texts`, MISSING where the row has no id.
    reasons : uint8, shape (N,)
        Why the id can't be used.
    spaced : bool, shape (distinct,)
        Whether an id begins or ends with white space.
    from_floats : bool
        Whether ids lost a ".0".
    """

    texts: Sequence[str | None]
    codes: NDArray[np.int32]
    reasons: Reasons
    spaced: NDArray[np.bool_]
    from_floats: bool = False

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which rows have an id, shape (N,)."""
        return self.codes >= 0

    def text(self) -> Column:
        """Return the ids as a column of text, shape (N,), null where missing."""
        rows: Column = pa.array(self.codes, mask=~self.present)
        return pa.array(self.texts, pa.string()).take(rows)

    def has_spaced(self, rows: NDArray[np.bool_]) -> bool:
        """Say whether an id among the rows that a mask selects begins or ends with white space."""
        return bool(self.spaced.any() and np.append(self.spaced, False)[self.codes[rows]].any())


class IdEncoder:
    """Gives ids dense integers in the order in which they are first met; `finish` turns them into ranks."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, column: IdColumn, rows: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the integers of the rows that a mask selects, MISSING where a row has no id."""
        codes = column.codes[rows]
        used = np.zeros(len(column.texts) + 1, dtype=bool)
        used[codes] = True
        table = np.full(len(used), MISSING, dtype=np.int32)
        known = self._codes
        for place in np.flatnonzero(used[:-1]).tolist():
            text = column.texts[place]
            assert text is not None
            table[place] = known.setdefault(text, len(known))
        return table[codes]

    def finish(self, seen: NDArray[np.bool_] | None = None) -> tuple[IdMap, NDArray[np.int32]]:
        """Return the id map and the rank of each integer, with a last entry so that MISSING stays MISSING.

        `seen`, shape (integers,), leaves out the ids that no row has any longer.
        """
        texts = list(self._codes)
        kept = range(len(texts)) if seen is None else np.flatnonzero(seen).tolist()
        order = sorted(kept, key=texts.__getitem__)
        ranks = np.full(len(texts) + 1, MISSING, dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return IdMap.from_ids(texts[code] for code in order), ranks

    @property
    def texts(self) -> list[str]:
        """The ids seen so far, each at its integer."""
        return list(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


def hash_ids(column: IdColumn, rows: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return 64-bit hashes of the ids of the rows that a mask selects, 0 where a row has none.

    For ids that need no name later: among 20 million, two share a hash once in 100,000 runs.
    """
    texts = np.array([text or "" for text in column.texts] + [""], dtype=object)
    hashes = pd.util.hash_array(texts, categorize=False)
    hashes[-1] = 0
    return np.asarray(hashes[column.codes[rows]], dtype=np.uint64)


def no_ids(rows: int) -> IdColumn:
    """Return the ids of a column that is not there."""
    return IdColumn([], np.full(rows, MISSING, np.int32), np.zeros(rows, np.uint8), np.zeros(0, bool))


def read_ids(column: Column) -> IdColumn:
    """Read ids of any type: text exactly as it is, integers as digits, integral floats without their ".0".

    Raises
    ------
    DataError
        If the type can't hold ids (lists, structures).
    """
    encoded = _dictionary(column)
    values, reasons = _texts(encoded.dictionary)
    missing = to_flags(compute.fill_null(compute.equal(values, ""), True)) & (reasons == Reason.FINE)
    codes = np.asarray(encoded.indices.fill_null(MISSING).to_numpy(zero_copy_only=False)).astype(np.int32)
    by_row = np.append(reasons, np.uint8(Reason.FINE))[codes]
    codes = np.append(np.where(missing, MISSING, np.arange(len(missing))), MISSING).astype(np.int32)[codes]
    spaced = to_flags(compute.match_substring_regex(values, SPACED))
    return IdColumn(values.to_pylist(), codes, by_row, spaced, pa.types.is_floating(encoded.dictionary.type))


def _dictionary(column: Column) -> Column:
    if pa.types.is_dictionary(column.type):
        return column
    if isinstance(column.type, pa.BaseExtensionType):  # UUIDs
        column = pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_string_view(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.string())
    try:
        return column.dictionary_encode()
    except pa.ArrowException:
        raise DataError(f"a column of the type {column.type} holds no ids; ids are strings or integers") from None


def _texts(distinct: Column) -> tuple[Column, Reasons]:
    """Return distinct values as text and why some can't be ids."""
    kind = distinct.type
    reasons = np.zeros(len(distinct), dtype=np.uint8)
    if pa.types.is_floating(kind):
        return _float_texts(distinct)
    if pa.types.is_decimal(kind):
        plain = compute.replace_substring_regex(distinct.cast(pa.string()), r"\.0+$", "")
        reasons[to_flags(compute.match_substring(plain, "."))] = Reason.ID_NOT_INTEGRAL
        return plain, reasons
    if is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        text, reasons = _valid_texts(distinct)
    else:
        try:
            text = distinct.cast(pa.string())
        except pa.ArrowException:
            raise DataError(f"a column of the type {kind} holds no ids; ids are strings or integers") from None
    long = to_flags(compute.greater(compute.binary_length(text), MAX_ID_BYTES))
    control = to_flags(compute.match_substring_regex(text, CONTROL))
    reasons[long & (reasons == Reason.FINE)] = Reason.ID_TOO_LONG
    reasons[control & (reasons == Reason.FINE)] = Reason.ID_WITH_CONTROL_CHARACTERS
    return text, reasons


def _float_texts(distinct: Column) -> tuple[Column, Reasons]:
    values = np.asarray(distinct.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    reasons = np.zeros(len(values), dtype=np.uint8)
    missing = np.isnan(values)
    large = ~missing & ~(np.abs(values) < FLOAT_EXACT)
    fraction = ~missing & ~large & (values != np.trunc(values))
    reasons[fraction] = Reason.ID_NOT_INTEGRAL
    reasons[large] = Reason.ID_BEYOND_2_53
    whole = np.where(missing | large, 0, values).astype(np.int64)
    return pa.array(whole, mask=missing).cast(pa.string()), reasons


def _valid_texts(distinct: Column) -> tuple[Column, Reasons]:
    """Check that text is UTF-8; Parquet files promise it and Arrow believes them."""
    reasons = np.zeros(len(distinct), dtype=np.uint8)
    raw = distinct.cast(pa.binary())
    try:
        return raw.cast(pa.string()), reasons
    except pa.ArrowInvalid:
        values = raw.to_pylist()
        valid = np.array([value is None or _is_utf8(value) for value in values], dtype=bool)
        reasons[~valid] = Reason.INVALID_UTF8
        texts = [value.decode(errors="replace") if value is not None else None for value in values]
        return pa.array(texts, pa.string()), reasons


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
