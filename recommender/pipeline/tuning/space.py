"""What is searched for for-you, and how each option is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.pipeline.tuning.option_names import Values

if TYPE_CHECKING:
    import optuna

SOURCES = ("als", "item_knn", "ease", "co_purchase", "popular", "own")

LARGE: Values = {"models.als.factors": 256, "models.item_knn.neighbours": 400, "models.item_knn.item_exponent": 0.5}
"""Tried first beside the options as they are: what suits large catalogues of many small items."""

WIDE = 16.0
"""ALS' weights are searched within this factor of what suits the matrix."""

Draw: TypeAlias = "Callable[[optuna.Trial, str], float | int]"
"""Draws the option of a name for a trial."""


def sources_of(config: Config, n_items: int) -> list[str]:
    """Return the sources of for-you to ask: EASE of a small catalogue only, own purchases where they may be shown."""
    rules, left_out = config.placements.for_you, set()
    if n_items > config.models.ease.max_items:
        left_out.add("ease")
    if rules.exclude_owned or rules.exclude_seen:
        left_out.add("own")
    return [source for source in SOURCES if source not in left_out]


def space_of(base: Bundle, sources: list[str], *, has_times: bool) -> dict[str, Draw]:
    """Return how each option is drawn; what depends on the matrix is searched around what suits it."""
    regularization, unobserved = (base.manifest.weights[name] for name in ("regularization", "unobserved_weight"))
    space: dict[str, Draw] = {
        "models.als.factors": _one_of(64, 128, 256, 512),
        "models.als.regularization": _log(regularization / WIDE, regularization * WIDE),
        "models.als.unobserved_weight": _log(unobserved / WIDE, unobserved * WIDE),
        "models.als.epochs": lambda trial, name: trial.suggest_int(name, 3, 16),
        "models.item_knn.user_exponent": _linear(0.0, 1.0),
        "models.item_knn.item_exponent": _linear(0.2, 1.0),
        "models.item_knn.neighbours": _one_of(100, 200, 400, 800),
        "models.item_knn.shrinkage": _one_of(0.0, 1.0, 3.0, 10.0, 30.0, 100.0),
    }
    if "ease" in sources:
        space["models.ease.regularization"] = _log(5.0, 2000.0)
    if has_times:
        space["matrix.half_life_days"] = _log(5.0, 730.0)
        space["models.popularity.half_life_days"] = _log(3.0, 180.0)
        if "own" in sources:
            space["models.own.half_life_days"] = _log(10.0, 365.0)
    return space


def _one_of(*choices: float) -> Draw:
    return lambda trial, name: trial.suggest_categorical(name, choices)


def _log(low: float, high: float) -> Draw:
    return lambda trial, name: trial.suggest_float(name, low, high, log=True)


def _linear(low: float, high: float) -> Draw:
    return lambda trial, name: trial.suggest_float(name, low, high)
