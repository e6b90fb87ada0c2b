"""Catalogue rows, batch by batch, to one table aligned with the items."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.config import CatalogueColumns, Config
from recommender.dataset import Catalogue
from recommender.errors import DataError
from recommender.ingest.checks import (
    Reason,
    Reasons,
    check_created_at,
    check_in_stock,
    check_prices,
    first_reason,
    reason_where,
)
from recommender.ingest.column_names import find_columns
from recommender.ingest.columns import Column, compute, is_text
from recommender.ingest.events import note_ids
from recommender.ingest.ids import IdColumn, IdEncoder, read_ids
from recommender.ingest.refused import RefusedRows
from recommender.ingest.report import IngestReport, SourceReport, count_removed
from recommender.ingest.sources import Source
from recommender.progress import Progress

RESERVED = {"listed", *CatalogueColumns.model_fields}
TEXTS = ("title", "brand", "url", "image_url")


@dataclass
class CatalogueReader:
    """Reads the catalogue of all sources; `items` is shared with the events."""

    config: Config
    items: IdEncoder
    report: IngestReport
    _tables: list[pa.Table] = field(default_factory=list)
    _items: list[NDArray[np.int32]] = field(default_factory=list)

    def read(self, source: Source, refused: RefusedRows, progress: Progress, total: int | None) -> None:
        """Read one source to its end; raises DataError where it can't be read at all."""
        names = find_columns(source, self.config.data.catalogue_columns, "catalogue")
        attributes = self._attributes(source, names.values())
        before = sum(earlier.read for earlier in self.report.catalogue)
        counts = SourceReport(source.name)
        self.report.catalogue.append(counts)
        for batch in source.batches([*dict.fromkeys(names.values()), *attributes]):
            columns = {our: batch.columns.column(theirs) for our, theirs in names.items()}
            try:
                reasons = self._take(columns, {attributes[name]: batch.columns.column(name) for name in attributes})
            except DataError as error:
                raise DataError(f"{source.name}: {error}") from None
            refused.take(batch, reasons, counts)
            counts.used += int((reasons == Reason.FINE).sum())
            progress("reading catalogue", before + counts.read, total)

    def finish(self, ranks: NDArray[np.int32], n_items: int) -> Catalogue:
        """Return the catalogue with a row per item; of several rows of one item the last one wins."""
        if not self._tables:
            return Catalogue(pa.table({"listed": pa.array(np.zeros(n_items, dtype=bool))}))
        table = concat(self._tables)
        items = ranks[np.concatenate(self._items)]
        row_of = np.full(n_items, -1, dtype=np.int64)
        row_of[items] = np.arange(len(items))
        count_removed(self.report.catalogue, row_of[items] != np.arange(len(items)), "repeated_ids")
        rows: Column = pa.array(row_of, mask=row_of < 0)
        aligned = table.take(rows).combine_chunks()
        return Catalogue(aligned.set_column(0, "listed", compute.fill_null(aligned["listed"], False)))

    def _attributes(self, source: Source, taken: Collection[str]) -> dict[str, str]:
        """Return the source's further columns -> what they are called here."""
        found = [name for name in source.columns() if name not in set(taken)]
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise DataError(f"{source.name}: the column {twice[0]!r} stands there twice; rename one of them")
        names: dict[str, str] = {}
        for name in filter(None, found):
            free = name
            while free in RESERVED or (free != name and free in found):
                free += "_"
            if free != name:
                self.report.note(f"catalogue: the column {name!r} is kept as the attribute {free!r}")
            names[name] = free
        return names

    def _take(self, columns: dict[str, Column], attributes: dict[str, Column]) -> Reasons:
        ids, typed, reasons = judge_items(columns)
        fine = reasons == Reason.FINE
        for name, column in attributes.items():
            attribute = as_attribute(column)
            if attribute is None:
                self.report.note(
                    f"catalogue: the column {name!r} is left out: {column.type} is no text, number or flag"
                )
            else:
                typed[name] = attribute
        note_ids(self.report, "catalogue: item_id", ids, fine)
        self._items.append(self.items.encode(ids, fine))
        selected: Column = pa.array(np.flatnonzero(fine))
        self._tables.append(pa.table({"listed": pa.array(fine), **typed}).take(selected))
        return reasons


def judge_items(columns: dict[str, Column]) -> tuple[IdColumn, dict[str, Column], Reasons]:
    """Return the ids of a batch, its other columns with the types of `Catalogue`, and why rows can't be used."""
    ids = read_ids(columns["item_id"])
    typed, judgements = typed_columns(columns)
    missing = reason_where(~ids.present, Reason.MISSING_ITEM_ID)
    return ids, typed, first_reason(ids.reasons, missing, *judgements)


def typed_columns(columns: dict[str, Column]) -> tuple[dict[str, Column], list[Reasons]]:
    """Return the columns we know, with the types of `Catalogue`, and why rows can't be used."""
    typed: dict[str, Column] = {name: as_text(columns[name]) for name in TEXTS if name in columns}
    judgements: list[Reasons] = []
    if "category" in columns:
        typed["category"] = as_category(columns["category"])
    if "group_id" in columns:
        groups = read_ids(columns["group_id"])
        typed["group_id"] = groups.text()
        judgements.append(groups.reasons)
    if "price" in columns:
        prices, bad = check_prices(columns["price"])
        typed["price"] = pa.array(prices, mask=np.isnan(prices))
        judgements.append(bad)
    if "in_stock" in columns:
        typed["in_stock"], bad = check_in_stock(columns["in_stock"])
        judgements.append(bad)
    if "created_at" in columns:
        typed["created_at"], bad = check_created_at(columns["created_at"])
        judgements.append(bad)
    return typed, judgements


def as_text(column: Column) -> Column:
    """Return text, null where empty; numbers become their digits."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        text = column.cast(pa.string())
    except pa.ArrowException:
        raise DataError(f"a column of the type {column.type} holds no text") from None
    return compute.if_else(compute.equal(text, ""), None, text)


def as_category(column: Column) -> Column:
    """Return category paths as "A > B", from such text or from lists of their steps."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return as_text(compute.binary_join(column.cast(pa.list_(pa.string())), " > "))
    return as_text(column)


def as_attribute(column: Column) -> Column | None:
    """Return a further column as text, number or flag; None where it is none of these."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_attribute(column.dictionary_decode())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64(), safe=False)
    if is_text(kind) or pa.types.is_temporal(kind) or pa.types.is_null(kind):
        return as_text(column)
    return None


def concat(tables: list[pa.Table]) -> pa.Table:
    """Join tables, with nulls for the columns one lacks; where two disagree on a type, text."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        return pa.concat_tables([_attributes_as_text(table) for table in tables], promote_options="permissive")


def _attributes_as_text(table: pa.Table) -> pa.Table:
    for i, name in enumerate(table.column_names):
        if name not in RESERVED:
            table = table.set_column(i, name, table[name].cast(pa.string()))
    return table
