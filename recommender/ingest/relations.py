"""A file of related items: what similar-items is asked about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.config import Config
from recommender.dataset import IdMap
from recommender.errors import DataError
from recommender.ingest.ids import read_ids
from recommender.ingest.sources import Source, relations_sources

COLUMNS = ("item_id", "related_id")


@dataclass(frozen=True, slots=True)
class Relations:
    """Pairs of related items, `item` and `related` of shape (n,); `unknown` rows name an item that no data has."""

    item: NDArray[np.int32]
    related: NDArray[np.int32]
    unknown: int


def read_relations(config: Config, items: IdMap) -> Relations | None:
    """Read `evaluation.relations`; None where shop.toml names no file.

    Raises
    ------
    DataError
        If the file can't be read, lacks a column, or none of its rows names two known items.
    """
    sources = relations_sources(config)
    if not sources:
        return None
    parts = [part for source in sources for part in _read(source, items)]
    pairs = np.concatenate([np.zeros((0, 2), dtype=np.int32), *parts])
    known = (pairs >= 0).all(axis=1)
    if not known.any():
        raise DataError(f"{sources[0].name}: none of {len(pairs):,} rows relates two items of the data")
    return Relations(pairs[known, 0], pairs[known, 1], int((~known).sum()))


def _read(source: Source, items: IdMap) -> list[NDArray[np.int32]]:
    missing = set(COLUMNS) - set(source.columns())
    if missing:
        raise DataError(
            f"{source.name}: no column {min(missing)!r}; relations have the columns {' and '.join(COLUMNS)}"
        )
    return [
        np.column_stack([_indices(batch.columns.column(name), items) for name in COLUMNS])
        for batch in source.batches(COLUMNS)
    ]


def _indices(column: object, items: IdMap) -> NDArray[np.int32]:
    """Return the integers of the ids of a column, shape (n,), -1 where missing or unknown."""
    ids = read_ids(column)
    found = [None if text is None else items.index_of(text) for text in ids.texts]
    table = np.array([*(-1 if item is None else item for item in found), -1], dtype=np.int32)
    return table[ids.codes]
