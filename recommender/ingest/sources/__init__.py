"""Where rows come from: CSV, Parquet, SQL and tables in memory, all as batches of raw columns.

What a column means and whether a row can be used is not known here. Only `ingest` imports this package, and
`alsobought doctor`, which looks whether the sources are there.
"""

from recommender.ingest.sources.find import (
    catalogue_sources,
    events_sources,
    list_source,
    ownership_sources,
    relations_sources,
    test_events_sources,
)
from recommender.ingest.sources.log import LogSource
from recommender.ingest.sources.source import Batch, Refusal, Source, table_batch
from recommender.ingest.sources.table import table_source

__all__ = [
    "Batch",
    "LogSource",
    "Refusal",
    "Source",
    "catalogue_sources",
    "events_sources",
    "list_source",
    "ownership_sources",
    "relations_sources",
    "table_batch",
    "table_source",
    "test_events_sources",
]
