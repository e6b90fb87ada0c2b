"""Nearest item factors, for inner product and for cosine: an exact scan of our own, FAISS flat and FAISS HNSW.

All kinds stand behind the protocol `ItemIndex`. An index answers dense item numbers and scores and never pads; it
knows no placement, no filter rule and no raw id. Bundle, evaluation and pipeline may import it. Nothing here may
search in a process that forks afterwards (FAISS's threads then hang).
"""

from recommender.index.build import build_index, measure_recall
from recommender.index.exact import ExactIndex, exact_index
from recommender.index.faiss_index import FaissIndex, flat_index
from recommender.index.item_index import ItemIndex, Metric
from recommender.index.neighbours import nearest_neighbours, renewed_neighbours

__all__ = [
    "ExactIndex",
    "FaissIndex",
    "ItemIndex",
    "Metric",
    "build_index",
    "exact_index",
    "flat_index",
    "measure_recall",
    "nearest_neighbours",
    "renewed_neighbours",
]
