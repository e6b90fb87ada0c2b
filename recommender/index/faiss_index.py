"""FAISS behind the protocol: flat, which compares with every item, and HNSW, a graph that misses some."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from recommender.index.item_index import Hits, Metric, nothing, places_of, rows_of


class FaissIndex:
    """A FAISS index over the items that have factors.

    Parameters
    ----------
    searcher : faiss.Index
        Over the rows `items` names, in that order; unit rows where the metric is cosine.
    items : int32, shape (N,)
        Dense item numbers of the rows.
    metric : "inner_product" or "cosine"
    """

    def __init__(self, searcher: Any, items: NDArray[np.int32], metric: Metric) -> None:
        self.searcher = searcher
        self.items = items
        self.metric: Metric = metric

    def __len__(self) -> int:
        return len(self.items)

    @property
    def kind(self) -> str:
        """Either "flat" or "hnsw"."""
        return "hnsw" if hasattr(self.searcher, "hnsw") else "flat"

    def search(self, query: NDArray[np.float32], n: int) -> Hits:
        """Return up to `n` items and their scores, each of shape (m,), best first, m <= n."""
        unit = self._prepared(query)
        if unit is None:
            return nothing()
        items, scores = self._search(unit, min(n, len(self)))
        return items[0], scores[0]

    def search_each(self, queries: NDArray[np.float32], n: int) -> Hits:
        """Return the best `n` (or all) for each query, both of shape (Q, min(n, N))."""
        if self.metric == "cosine":
            queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        return self._search(np.ascontiguousarray(queries, dtype=np.float32), min(n, len(self)))

    def search_within(self, query: NDArray[np.float32], allowed: NDArray[np.bool_], n: int) -> Hits:
        """Return the exact best `n` among the items a mask, shape (I,), allows."""
        chosen = allowed[self.items]
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))  # type: ignore[call-arg, arg-type]
        return self._search_selected(query, selector, min(n, int(np.count_nonzero(chosen))))

    def search_among(self, query: NDArray[np.float32], items: NDArray[np.int32], n: int) -> Hits:
        """Return the exact best `n` among distinct items, shape (M,)."""
        rows = rows_of(self._places, items)
        selector = faiss.IDSelectorBatch(rows.astype(np.int64))
        return self._search_selected(query, selector, min(n, len(rows)))

    def _search(self, units: NDArray[np.float32], wanted: int) -> Hits:
        parameters = None
        if self.kind == "hnsw":
            wide = max(self.searcher.hnsw.efSearch, 2 * wanted)
            parameters = faiss.SearchParametersHNSW(efSearch=wide)  # type: ignore[attr-defined]
        scores, rows = self.searcher.search(units, wanted, params=parameters)
        if (rows[:, -1] < 0).any():  # a graph that could not reach enough items pads with -1
            scores, rows = self._flat.search(units, wanted)
        return self.items[rows], scores

    def _search_selected(self, query: NDArray[np.float32], selector: Any, wanted: int) -> Hits:
        unit = self._prepared(query)
        if unit is None or wanted == 0:
            return nothing()
        scores, rows = self._flat.search(unit, wanted, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        return self.items[rows[0]], scores[0]

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        return places_of(self.items)

    @property
    def _flat(self) -> Any:
        return self.searcher.storage if self.kind == "hnsw" else self.searcher

    def _prepared(self, query: NDArray[np.float32]) -> NDArray[np.float32] | None:
        norm = float(np.linalg.norm(query))
        if len(self) == 0 or not np.isfinite(norm) or norm == 0:
            return None
        return (query / norm if self.metric == "cosine" else query).astype(np.float32)[None, :]


def flat_index(vectors: NDArray[np.float32], items: NDArray[np.int32], metric: Metric) -> FaissIndex:
    """Return an exact index of `vectors`, shape (N, F), of unit length if the metric is cosine."""
    return FaissIndex(filled(faiss.IndexFlatIP(vectors.shape[1]), vectors), items, metric)


def filled(searcher: faiss.Index, vectors: NDArray[np.float32]) -> faiss.Index:
    """Return a FAISS index with vectors in it."""
    if len(vectors):
        searcher.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return searcher
