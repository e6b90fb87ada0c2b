"""The recommendation engine: data in, models, bundles, placements, evaluation.

`import recommender as rec` is the way in for notebooks and scripts; the names below are imported when they are first
used, so that importing the package takes no time. No HTTP and no Flask live here; the server is the package `serving`,
which imports this one and never the reverse. The folders stand in the order in which data flows: ingest, dataset,
matrix, models (on kernels), index, bundle, ranking, placements, evaluation, pipeline, cli and notebook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recommender.version import __version__

if TYPE_CHECKING:
    from recommender.models import ALS
    from recommender.notebook import Data, Model, Recipe, Report, Split, evaluate, hold_out, load, read

_HOME = {
    "ALS": "recommender.models",
    **dict.fromkeys(
        ("Data", "Model", "Recipe", "Report", "Split", "evaluate", "hold_out", "load", "read"),
        "recommender.notebook",
    ),
}
"""Where each name is imported from."""

__all__ = [
    "ALS",
    "Data",
    "Model",
    "Recipe",
    "Report",
    "Split",
    "__version__",
    "evaluate",
    "hold_out",
    "load",
    "read",
]


def __getattr__(name: str) -> Any:
    """Import what is slow to import only where it is used: the command line must start at once."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what can be imported from here, for completion."""
    return __all__
