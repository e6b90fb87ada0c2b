"""One FAISS index over the items that have factors."""

from __future__ import annotations

from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

Metric = Literal["inner_product", "cosine"]


class ItemIndex:
    """Search among the items that have factors.

    Parameters
    ----------
    searcher : faiss.Index
        Over the rows `items` names, in that order; unit rows where the metric is cosine.
    items : int32, shape (N,)
        Dense item numbers of the rows, ascending.
    metric : "inner_product" or "cosine"
    """

    def __init__(self, searcher: Any, items: NDArray[np.int32], metric: Metric) -> None:
        self.searcher = searcher
        self.items = items
        self.metric = metric

    def __len__(self) -> int:
        return len(self.items)

    @property
    def kind(self) -> str:
        """Either "flat" or "hnsw"."""
        return "hnsw" if hasattr(self.searcher, "hnsw") else "flat"

    def search(self, query: NDArray[np.float32], n: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return up to `n` items and their scores, each of shape (m,), best first, m <= n.

        A query, shape (F,), that is not finite or is zero finds nothing.
        """
        unit = self._prepared(query)
        if unit is None:
            return _nothing()
        items, scores = self._search(unit, min(n, len(self)))
        return items[0], scores[0]

    def search_each(self, items: NDArray[np.int32], n: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the best `n` (or all) for each of some of the index's own items; both of shape (len(items), m)."""
        flat = self._flat
        vectors = np.stack([flat.reconstruct(int(row)) for row in np.searchsorted(self.items, items)])
        return self._search(vectors, min(n, len(self)))

    def _search(self, units: NDArray[np.float32], wanted: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        parameters = None
        if self.kind == "hnsw":
            wide = max(self.searcher.hnsw.efSearch, 2 * wanted)
            parameters = faiss.SearchParametersHNSW(efSearch=wide)  # type: ignore[attr-defined]
        scores, rows = self.searcher.search(units, wanted, params=parameters)
        if (rows[:, -1] < 0).any():  # a graph that could not reach enough items pads with -1
            scores, rows = self._flat.search(units, wanted)
        return self.items[rows], scores

    def search_within(
        self, query: NDArray[np.float32], allowed: NDArray[np.bool_], n: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the exact best `n` among the items a mask, shape (I,), allows; shapes as `search`."""
        unit = self._prepared(query)
        chosen = allowed[self.items]
        wanted = min(n, int(np.count_nonzero(chosen)))
        if unit is None or wanted == 0:
            return _nothing()
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))  # type: ignore[call-arg, arg-type]
        scores, rows = self._flat.search(unit, wanted, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        return self.items[rows[0]], scores[0]

    @property
    def _flat(self) -> Any:
        return self.searcher.storage if self.kind == "hnsw" else self.searcher

    def _prepared(self, query: NDArray[np.float32]) -> NDArray[np.float32] | None:
        norm = float(np.linalg.norm(query))
        if len(self) == 0 or not np.isfinite(norm) or norm == 0:
            return None
        return (query / norm if self.metric == "cosine" else query).astype(np.float32)[None, :]


def _nothing() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
