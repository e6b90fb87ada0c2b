"""Building an index from item factors, and measuring what a graph loses."""

from __future__ import annotations

from typing import Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from recommender.config import IndexConfig
from recommender.errors import ConfigError
from recommender.index.exact import exact_index
from recommender.index.faiss_index import FaissIndex, filled, flat_index
from recommender.index.item_index import ItemIndex, Metric
from recommender.kernels import MISSING, has_native

HNSW_NEIGHBOURS = 32
EF_CONSTRUCTION = 128
EF_SEARCH_STEPS = (32, 64, 128, 256, 512, 1024)
MEASURED_K = 20

EXACT_BELOW = 2_000_000
FLAT_BELOW = 50_000
"""Items from which on a graph is faster than the exact scan, and than FAISS flat: docs/decisions/0006."""


def build_index(
    item_factors: NDArray[np.float32], metric: Metric, config: IndexConfig, queries: NDArray[np.float32]
) -> tuple[ItemIndex, float]:
    """Return an index over the rows of `item_factors`, shape (I, F), that are not zero, and its recall.

    A graph's search width is raised until recall@20 against the exact search, on the `queries`, shape (Q, F), reaches
    `config.min_recall`, or the widest step. Exact search has recall 1 by definition.

    Raises
    ------
    ConfigError
        If the kind is "exact" and the native kernels are not built.
    """
    norms = np.linalg.norm(item_factors, axis=1)
    items = np.flatnonzero(norms > 0).astype(np.int32)
    vectors = item_factors[items]
    if metric == "cosine":
        vectors = vectors / norms[items, None]
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    kind = _kind(config, len(items))
    if kind == "exact":
        return exact_index(vectors, items, metric), 1.0
    if kind == "flat":
        return flat_index(vectors, items, metric), 1.0
    return _hnsw_index(vectors, items, metric, config.min_recall, queries)


def measure_recall(index: ItemIndex, exact: ItemIndex, queries: NDArray[np.float32]) -> float:
    """Return the mean share of the exact top 20 that `index` finds, over queries of shape (Q, F); 1 without queries."""
    shares = []
    for query in queries:
        true, _ = exact.search(query, MEASURED_K)
        if len(true):
            found, _ = index.search(query, MEASURED_K)
            shares.append(np.isin(true, found).mean())
    return float(np.mean(shares)) if shares else 1.0


def _kind(config: IndexConfig, n_items: int) -> Literal["exact", "flat", "hnsw"]:
    if config.kind == "exact" and not has_native():
        raise ConfigError(f'index.kind = "exact": {MISSING}install one and install again, or use "auto"')
    if config.kind != "auto":
        return config.kind
    below = config.exact_below
    if below is None:
        below = EXACT_BELOW if has_native() else FLAT_BELOW
    if n_items >= below:
        return "hnsw"
    return "exact" if has_native() else "flat"


def _hnsw_index(
    vectors: NDArray[np.float32],
    items: NDArray[np.int32],
    metric: Metric,
    min_recall: float,
    queries: NDArray[np.float32],
) -> tuple[FaissIndex, float]:
    exact = flat_index(vectors, items, metric)
    graph = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = EF_CONSTRUCTION
    index = FaissIndex(filled(graph, vectors), items, metric)
    recall = 0.0
    for width in EF_SEARCH_STEPS:
        graph.hnsw.efSearch = width
        recall = measure_recall(index, exact, queries)
        if recall >= min_recall:
            break
    return index, recall
