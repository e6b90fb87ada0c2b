"""Nearest item factors: FAISS flat (exact) and HNSW (a graph) behind one class, for inner product and for cosine.

An index answers dense item numbers and scores and never pads; it knows no placement, no filter rule and no raw id.
Bundle, evaluation and pipeline may import it. Nothing here may run in a process that forks afterwards (FAISS's
threads then hang).
"""

from recommender.index.build import build_index, measure_recall
from recommender.index.item_index import ItemIndex, Metric
from recommender.index.neighbours import nearest_neighbours

__all__ = ["ItemIndex", "Metric", "build_index", "measure_recall", "nearest_neighbours"]
