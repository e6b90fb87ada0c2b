"""What the shop sells, aligned with the dense integers of the items."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.dataset.columns import reader_of, to_numpy
from recommender.dataset.kept_masks import KeptMasks

CATEGORY_SEPARATOR = ">"

Kind = Literal["text", "category", "flag", "number", "time"]
"""What a field can be compared with."""
KINDS: dict[str, Kind] = {"category": "category", "created_at": "time"}
HIDDEN = frozenset({"listed"})
"""Columns of our own making."""


@dataclass(frozen=True)
class Catalogue:
    """The catalogue as one Arrow table with exactly one row per item, in the order of the item ids.

    Items that occur in events only have a row of nulls with `listed` false.

    Columns: `listed` bool; `in_stock` bool (null where not given); `title`, `category` ("A > B > C"), `brand`, `url`,
    `image_url`, `group_id` string; `price` float64; `created_at` int64 seconds since 1970 (UTC); then the shop's
    further columns as they came. Columns the shop does not give are absent, `listed` excepted.
    """

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def servable(self) -> NDArray[np.bool_]:
        """Items that may be shown at all, shape (I,): listed, if the shop gave a catalogue."""
        listed = self._column("listed", False).astype(bool)
        return listed if listed.any() else np.ones(len(self), dtype=bool)

    @cached_property
    def in_stock(self) -> NDArray[np.bool_]:
        """Items not known to be out of stock, shape (I,)."""
        return self._column("in_stock", True).astype(bool)

    @cached_property
    def for_sale(self) -> NDArray[np.bool_]:
        """Items that may be shown and are not known to be out of stock, shape (I,)."""
        return self.servable & self.in_stock

    @cached_property
    def masks(self) -> KeptMasks:
        """Which items meet what was asked lately, by conditions."""
        return KeptMasks()

    @cached_property
    def price(self) -> NDArray[np.float64]:
        """Price per item, shape (I,), NaN where unknown."""
        return self._column("price", np.nan).astype(np.float64)

    @cached_property
    def created_at(self) -> NDArray[np.int64]:
        """Seconds since 1970 (UTC), shape (I,), -1 where unknown."""
        return self._column("created_at", -1).astype(np.int64)

    @cached_property
    def group(self) -> NDArray[np.int32]:
        """Group code per item, shape (I,): variants of one product share it; items without a group are their own."""
        own = np.arange(len(self), dtype=np.int32)
        if "group_id" not in self.columns:
            return own
        encoded = self.table["group_id"].combine_chunks().dictionary_encode()
        _put(encoded.indices, own, offset=len(self))
        return own

    @cached_property
    def categories(self) -> list[str]:
        """The distinct category paths, normalised to "A > B"; `category` holds positions in this list."""
        return self._categories[0]

    @cached_property
    def category(self) -> NDArray[np.int32]:
        """Position in `categories` per item, shape (I,), -1 where unknown."""
        return self._categories[1]

    def in_category(self, path: str) -> NDArray[np.bool_]:
        """Return which items, shape (I,), lie at or below a category path such as "A > B"."""
        return np.append(self.category_codes(path, below=True), False)[self.category]

    def priced(self, low: float | None, high: float | None) -> NDArray[np.bool_]:
        """Return the items, shape (I,), whose price lies within bounds, both inclusive; an unknown one is outside."""
        return (self.price >= (-np.inf if low is None else low)) & (self.price <= (np.inf if high is None else high))

    def category_codes(self, path: str, *, below: bool) -> NDArray[np.bool_]:
        """Return which of `categories` a path names, or, if `below`, lies at or above; shape (number of them,)."""
        wanted = normal_category(path)
        found = np.zeros(len(self.categories), dtype=bool)
        at = bisect_left(self.categories, wanted)
        found[at : at + 1] = self.categories[at : at + 1] == [wanted]
        if below:
            first = bisect_left(self.categories, f"{wanted} {CATEGORY_SEPARATOR} ")
            end = bisect_left(self.categories, f"{wanted} {CATEGORY_SEPARATOR} {chr(sys.maxunicode)}")
            found[first:end] = True
        return found

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The fields that can be asked about, and what each is compared with."""
        columns = zip(self.table.schema.names, self.table.schema.types, strict=True)
        return {name: KINDS.get(name, _kind(column)) for name, column in columns if name not in HIDDEN}

    def coded(self, name: str) -> tuple[dict[str, int], NDArray[np.int32]]:
        """Return the distinct values of a field of texts or flags with their codes, and the code per item, shape (I,).

        The code of an unknown value is -1.
        """
        if name == "in_stock":
            return {"false": 0, "true": 1}, self.in_stock.astype(np.int32)
        if name not in self._coded:
            encoded = self.table[name].combine_chunks().cast(pa.string()).dictionary_encode()
            codes = np.full(len(self), -1, dtype=np.int32)
            _put(encoded.indices, codes)
            self._coded[name] = {str(text): code for code, text in enumerate(encoded.dictionary.to_pylist())}, codes
        return self._coded[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a field of numbers or times (seconds since 1970), shape (I,), NaN where unknown."""
        if name not in self._numbers:
            self._numbers[name] = self._column(name, np.nan).astype(np.float64)
        return self._numbers[name]

    def fields(self, item: int, names: tuple[str, ...] = ("title", "price", "url", "image_url")) -> dict[str, object]:
        """Return the named fields of one item that the catalogue has, without nulls and NaN."""
        found = ((name, self._reader(name)(item)) for name in names if name in self.columns)
        return {name: value for name, value in found if value is not None and value == value}

    @cached_property
    def columns(self) -> frozenset[str]:
        """The names of the columns: Arrow makes a new list of them at every question."""
        return frozenset(self.table.column_names)

    @cached_property
    def _categories(self) -> tuple[list[str], NDArray[np.int32]]:
        if "category" not in self.columns:
            return [], np.full(len(self), -1, dtype=np.int32)
        encoded = self.table["category"].combine_chunks().dictionary_encode()
        raw = [normal_category(str(name)) for name in encoded.dictionary.to_pylist()]
        names = sorted(set(raw) - {""})
        position = {name: code for code, name in enumerate(names)}
        to_code = np.array([position.get(name, -1) for name in raw] + [-1], dtype=np.int32)
        rows = np.full(len(self), -1)
        _put(encoded.indices, rows)
        return names, to_code[rows]

    def _reader(self, name: str) -> Callable[[int], object]:
        if name not in self._readers:
            self._readers[name] = reader_of(self.table[name])
        return self._readers[name]

    @cached_property
    def _readers(self) -> dict[str, Callable[[int], object]]:
        return {}

    @cached_property
    def _coded(self) -> dict[str, tuple[dict[str, int], NDArray[np.int32]]]:
        return {}

    @cached_property
    def _numbers(self) -> dict[str, NDArray[np.float64]]:
        return {}

    def _column(self, name: str, default: float) -> NDArray[Any]:
        """Return a column, shape (I,), with nulls (all, where the shop does not give it) replaced."""
        filled = np.full(len(self), default)
        if name in self.columns:
            _put(self.table[name], filled)
        return filled


def _put(column: Any, target: NDArray[Any], *, offset: int = 0) -> None:
    """Overwrite `target` where the column, shape (I,), is not null."""
    target[to_numpy(column.is_valid())] = to_numpy(column.drop_null()) + offset


def _kind(type_of_column: Any) -> Kind:
    if pa.types.is_boolean(type_of_column):
        return "flag"
    return "text" if pa.types.is_string(type_of_column) or pa.types.is_large_string(type_of_column) else "number"


def normal_category(path: str) -> str:
    """Return a category path with single spaces around its separators: "A>B " becomes "A > B"."""
    parts = (part.strip() for part in path.split(CATEGORY_SEPARATOR))
    return f" {CATEGORY_SEPARATOR} ".join(part for part in parts if part)
