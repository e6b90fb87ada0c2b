"""A bundle is everything one promotion moves: ids, catalogue, histories, models, indexes, configuration, manifest.

It is a directory that is written once and never changed, and the store is the folder of all versions with one line that
names the live one; nothing here fits a model or answers a query. Placements, evaluation, pipeline, cli and the server
may import it. Files are npy, Arrow IPC, FAISS and JSON only: nothing that can execute.
"""

from recommender.bundle import changes, runs
from recommender.bundle.bundle import Bundle, derived
from recommender.bundle.manifest import FileEntry, Manifest, VersionInfo
from recommender.bundle.prepared import PreparedAnswers, compress
from recommender.bundle.store import Store

__all__ = [
    "Bundle",
    "FileEntry",
    "Manifest",
    "PreparedAnswers",
    "Store",
    "VersionInfo",
    "changes",
    "compress",
    "derived",
    "runs",
]
