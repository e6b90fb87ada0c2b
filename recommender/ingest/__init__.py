"""Data in: files, SQL queries and tables become one `Dataset`, and every row that can't is refused with a reason.

Reading and judging rows live here; what events mean (weights, decay, baskets) does not. `pipeline` and people in a
Python shell import this package; it imports `dataset`, `config`, `progress` and `errors`.
"""

from __future__ import annotations

from recommender.ingest.id_list import IdList, read_id_list
from recommender.ingest.read import read_dataset, require_enough
from recommender.ingest.relations import Relations, read_relations
from recommender.ingest.remedies import REMEDIES
from recommender.ingest.report import IngestReport, SourceReport

__all__ = [
    "REMEDIES",
    "IdList",
    "IngestReport",
    "Relations",
    "SourceReport",
    "read_dataset",
    "read_id_list",
    "read_relations",
    "require_enough",
]
