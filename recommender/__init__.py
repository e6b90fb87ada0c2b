"""The recommendation engine: data in, models, bundles, placements, evaluation.

No HTTP and no Flask live here; the server is the package `serving`, which imports this one and never the reverse. The
folders stand in the order in which data flows: ingest, dataset, matrix, models (on kernels), index, bundle, ranking,
placements, evaluation, pipeline, cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.models import ALS

__version__ = "0.1.0"

__all__ = ["ALS", "__version__"]


def __getattr__(name: str) -> Any:
    """Import what is slow to import only where it is used: the command line must start at once."""
    if name == "ALS":
        from recommender.models import ALS

        return ALS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
