"""Building an index from item factors, and measuring what a graph loses."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from recommender.config import IndexConfig
from recommender.index.item_index import ItemIndex, Metric

HNSW_NEIGHBOURS = 32
EF_CONSTRUCTION = 128
EF_SEARCH_STEPS = (32, 64, 128, 256, 512, 1024)
MEASURED_K = 20


def build_index(
    item_factors: NDArray[np.float32], metric: Metric, config: IndexConfig, queries: NDArray[np.float32]
) -> tuple[ItemIndex, float]:
    """Return an index over the rows of `item_factors`, shape (I, F), that are not zero, and its recall.

    A graph's search width is raised until recall@20 against the exact search, on the `queries`, shape (Q, F), reaches
    `config.min_recall`, or the widest step. Exact search has recall 1 by definition.
    """
    norms = np.linalg.norm(item_factors, axis=1)
    items = np.flatnonzero(norms > 0).astype(np.int32)
    rows = item_factors[items]
    if metric == "cosine":
        rows = rows / norms[items, None]
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    exact = ItemIndex(_filled(faiss.IndexFlatIP(rows.shape[1]), rows), items, metric)
    if config.kind == "flat" or (config.kind == "auto" and len(items) < config.exact_below):
        return exact, 1.0

    graph = faiss.IndexHNSWFlat(rows.shape[1], HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = EF_CONSTRUCTION
    index = ItemIndex(_filled(graph, rows), items, metric)
    recall = 0.0
    for width in EF_SEARCH_STEPS:
        graph.hnsw.efSearch = width
        recall = measure_recall(index, exact, queries)
        if recall >= config.min_recall:
            break
    return index, recall


def measure_recall(index: ItemIndex, exact: ItemIndex, queries: NDArray[np.float32]) -> float:
    """Return the mean share of the exact top 20 that `index` finds, over queries of shape (Q, F); 1 without queries."""
    shares = []
    for query in queries:
        true, _ = exact.search(query, MEASURED_K)
        if len(true):
            found, _ = index.search(query, MEASURED_K)
            shares.append(np.isin(true, found).mean())
    return float(np.mean(shares)) if shares else 1.0


def _filled(searcher: faiss.Index, rows: NDArray[np.float32]) -> faiss.Index:
    if len(rows):
        searcher.add(rows)
    return searcher
