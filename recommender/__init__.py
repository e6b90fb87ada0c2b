"""The recommendation engine: data in, models, bundles, placements, evaluation.

No HTTP and no Flask live here; the server is the package `serving`, which imports this one and never the reverse. The
folders stand in the order in which data flows: ingest, dataset, matrix, models, index, bundle, ranking, placements,
evaluation, pipeline, cli.
"""

__version__ = "0.1.0"
