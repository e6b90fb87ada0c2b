"""The nearest items of each item, computed once so that a page does not have to search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.index.item_index import ItemIndex
from recommender.models import SimilarityModel
from recommender.progress import Progress, silent

NEIGHBOURS = 64
ITEMS_PER_BLOCK = 1024


def nearest_neighbours(
    index: ItemIndex, item_factors: NDArray[np.float32], *, first: int | None = None, progress: Progress = silent
) -> SimilarityModel:
    """Return the nearest 64 other items of each item of the index, which was built from `item_factors`, shape (I, F).

    Of the `first` items only, if told so.

    Rows of items the index does not hold are empty. Scores are positive; support is 0, factors have none.
    """
    items = np.sort(index.items)
    items = items if first is None else items[items < first]
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
