"""The nearest items of each item, computed once so that a page does not have to search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.index.item_index import ItemIndex
from recommender.models import SimilarityModel
from recommender.models.similarity_model import best_per_row, similarity_of_rows
from recommender.progress import Progress, silent

NEIGHBOURS = 64
ITEMS_PER_BLOCK = 1024


def nearest_neighbours(
    index: ItemIndex,
    item_factors: NDArray[np.float32],
    *,
    only: NDArray[np.bool_] | None = None,
    progress: Progress = silent,
) -> SimilarityModel:
    """Return the nearest 64 other items of each item of the index, which was built from `item_factors`, shape (I, F).

    Of the items of a mask, shape (I,), only, if there is one.

    Rows of items the index does not hold are empty. Scores are positive; support is 0, factors have none.
    """
    items = np.sort(index.items)
    items = items if only is None else items[only[items]]
    lengths = np.zeros(len(item_factors), dtype=np.int64)
    neighbours, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    for start in range(0, len(items), ITEMS_PER_BLOCK):
        block = items[start : start + ITEMS_PER_BLOCK]
        found, score = index.search_each(item_factors[block], NEIGHBOURS + 1)
        keep = (found != block[:, None]) & (score > 0)
        keep &= np.cumsum(keep, axis=1) <= NEIGHBOURS
        lengths[block] = keep.sum(axis=1)
        neighbours.append(found[keep])
        scores.append(score[keep])
        progress("find neighbours", start + len(block), len(items))
    return SimilarityModel(
        indptr=np.concatenate([[0], np.cumsum(lengths)]),
        neighbours=np.concatenate(neighbours),
        scores=np.concatenate(scores),
        support=np.zeros(int(lengths.sum()), dtype=np.int32),
    )


def renewed_neighbours(
    index: ItemIndex,
    item_factors: NDArray[np.float32],
    before: SimilarityModel,
    items_before: NDArray[np.int32],
    *,
    progress: Progress = silent,
) -> SimilarityModel:
    """Return what `nearest_neighbours` does, from what it returned for an index of the items `items_before`.

    The items of both indexes have the same products of their factors. Only items that are new in the index, and those
    that lost one of 64 neighbours, are searched for again; new ones are put into the rows of the others.
    """
    there, was_there = (_mask(items, len(item_factors)) for items in (index.items, items_before))
    rows = np.repeat(np.arange(len(there), dtype=np.int32), np.diff(before.indptr))
    stays = there[before.neighbours]
    lost = _mask(rows[~stays], len(there)) & (np.diff(before.indptr) == NEIGHBOURS)
    again = there & (~was_there | lost)
    kept = np.flatnonzero(stays & (there & ~again)[rows])
    searched = nearest_neighbours(index, item_factors, only=again, progress=progress)
    searched_rows = np.repeat(np.arange(len(there), dtype=np.int32), np.diff(searched.indptr))
    near_rows, nearer, cosines = _nearer(
        item_factors, np.flatnonzero(there & ~again), np.flatnonzero(there & ~was_there)
    )
    row = np.concatenate([rows[kept], searched_rows, near_rows])
    neighbour = np.concatenate([before.neighbours[kept], searched.neighbours, nearer])
    score = np.concatenate([before.scores[kept], searched.scores, cosines])
    best = best_per_row(row, score, neighbour, NEIGHBOURS)
    support = np.zeros(len(best), dtype=np.int32)
    return similarity_of_rows(row[best], neighbour[best], score[best], support, len(there))


def _nearer(
    item_factors: NDArray[np.float32], items: NDArray[np.int64], new: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return items, new ones and their cosine, where it is positive, each of shape (n,)."""
    rows, columns, cosines = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    of_new = _unit(item_factors[new])
    for start in range(0, len(items) if len(new) else 0, ITEMS_PER_BLOCK):
        block = items[start : start + ITEMS_PER_BLOCK]
        found = _unit(item_factors[block]) @ of_new.T
        row, column = np.nonzero(found > 0)
        rows.append(block[row].astype(np.int32))
        columns.append(new[column].astype(np.int32))
        cosines.append(found[row, column])
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(cosines)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _mask(items: NDArray[np.int32], n_items: int) -> NDArray[np.bool_]:
    mask = np.zeros(n_items, dtype=bool)
    mask[items] = True
    return mask
