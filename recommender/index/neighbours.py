"""The nearest items of each item, computed once so that a page does not have to search."""

from __future__ import annotations

import numpy as np

from recommender.index.item_index import ItemIndex
from recommender.models import SimilarityModel
from recommender.progress import Progress, silent

NEIGHBOURS = 64
ITEMS_PER_BLOCK = 1024


def nearest_neighbours(index: ItemIndex, n_items: int, *, progress: Progress = silent) -> SimilarityModel:
    """Return the nearest 64 other items of each item of the index; rows of the other `n_items` items are empty.

    Scores are positive; support is 0, factors have none.
    """
    lengths = np.zeros(n_items, dtype=np.int64)
    neighbours, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    for start in range(0, len(index), ITEMS_PER_BLOCK):
        block = index.items[start : start + ITEMS_PER_BLOCK]
        found, score = index.search_each(block, NEIGHBOURS + 1)
        keep = (found != block[:, None]) & (score > 0)
        keep &= np.cumsum(keep, axis=1) <= NEIGHBOURS
        lengths[block] = keep.sum(axis=1)
        neighbours.append(found[keep])
        scores.append(score[keep])
        progress("find neighbours", start + len(block), len(index))
    return SimilarityModel(
        indptr=np.concatenate([[0], np.cumsum(lengths)]),
        neighbours=np.concatenate(neighbours),
        scores=np.concatenate(scores),
        support=np.zeros(int(lengths.sum()), dtype=np.int32),
    )
