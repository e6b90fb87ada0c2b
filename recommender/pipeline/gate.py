"""The gate: candidate and live recipe, both fitted on the events before the holdout, asked about the rest.

The live version itself was trained on most of the holdout, so it is not asked: its recipe is. What it is asked, as it
stands, is what happened after its own cut, and that decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from recommender.bundle import Bundle, Manifest
from recommender.config import Config, parse_config
from recommender.dataset import Dataset
from recommender.errors import ConfigError, DataError
from recommender.evaluation import EvaluationReport
from recommender.evaluation.gate import LIVE_RECIPE, Verdict, judge
from recommender.evaluation.measure import main_figure
from recommender.evaluation.runner import MODEL
from recommender.evaluation.since_cut import SinceCut, score_since_cut
from recommender.evaluation.tasks import FOR_YOU
from recommender.pipeline.evaluate import evaluate_dataset
from recommender.progress import Progress, silent

RECIPE = ("event_weights", "matrix", "influence", "models", "blend", "index")
"""The sections that make a model. What may be shown is the shop's wish of today, for both."""


@dataclass(frozen=True, slots=True)
class Gated:
    """What the gate found: the verdict, the figures behind it, and how the live version fares since its cut."""

    verdict: Verdict
    evaluation: EvaluationReport | None
    since_cut: SinceCut | None

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON types; no user is named."""
        figure = {} if self.evaluation is None else _main_row(self.evaluation)
        return {
            "verdict": self.verdict.to_dict(),
            "figure": figure,
            "metrics": {} if self.evaluation is None else self.evaluation.metrics,
            "warnings": [] if self.evaluation is None else self.evaluation.warnings,
            "evaluation": None if self.evaluation is None else self.evaluation.to_dict(examples=False),
            "since_cut": None if self.since_cut is None else self.since_cut.to_dict(),
        }


def pass_gate(
    dataset: Dataset,
    config: Config,
    live: Bundle | None,
    *,
    current: str | None,
    read_again: Callable[[Config], Dataset],
    progress: Progress = silent,
) -> Gated:
    """Compare the candidate's recipe with the live one and with best sellers on the split of `[evaluation]`.

    `current` is the live version's name, also where it can't be read and `live` is None. Where the live recipe weighs
    event types that the candidate's does not, `read_again` reads the data with both.
    """
    rivals, remarks = {}, []
    if current is not None:
        recipe, remark = _recipe_of(live, config)
        remarks += [remark] if remark else []
        if recipe is not None:
            rivals = {LIVE_RECIPE: recipe}
            more = {**recipe.event_weights, **config.event_weights}
            if more.keys() != config.event_weights.keys():
                dataset = read_again(config.model_copy(update={"event_weights": more}))
    try:
        evaluation = evaluate_dataset(dataset, config, rivals=rivals, progress=progress)
    except DataError as error:
        verdict = Verdict(config.gate.metric, 0, [], [], [f"not measured: {error}", *remarks])
        return Gated(verdict, None, None)
    verdict = judge(evaluation, config.gate, live=current)
    verdict = replace(verdict, remarks=[*verdict.remarks, *remarks])
    since_cut = None
    if live is not None:
        since_cut = score_since_cut(live, dataset, config.evaluation, config.gate, progress=progress)
    return Gated(verdict, evaluation, since_cut)


def live_recipe(manifest: Manifest, config: Config) -> Config:
    """Return `config` with the recipe of a version in place of its own.

    Raises
    ------
    ConfigError
        If this program no longer has one of its options.
    """
    sections = {name: manifest.config[name] for name in RECIPE if name in manifest.config}
    recipe = parse_config(sections, source=f"the recipe of {manifest.version}")
    return config.model_copy(update={name: getattr(recipe, name) for name in RECIPE})


def _recipe_of(live: Bundle | None, config: Config) -> tuple[Config | None, str]:
    """Return the live recipe where there is one to compare with, or else why not."""
    if live is None:
        return None, "the live version can't be read, so its recipe was not compared"
    try:
        recipe = live_recipe(live.manifest, config)
    except ConfigError as error:
        return None, f"{error}, so it was not compared"
    if _equal(recipe, config):
        return None, "the live recipe is the same"
    return recipe, ""


def same_recipe(manifest: Manifest, config: Config) -> bool:
    """Tell whether a version was made by the recipe of a configuration."""
    try:
        return _equal(live_recipe(manifest, config), config)
    except ConfigError:
        return False


def _equal(recipe: Config, config: Config) -> bool:
    return all(getattr(recipe, name) == getattr(config, name) for name in RECIPE)


def _main_row(evaluation: EvaluationReport) -> dict[str, Any]:
    """Return the figure of `[gate] metric` with its interval, where the report has it."""
    figure = main_figure(evaluation.gate_metric)
    for row in evaluation.rows:
        if (row.task, row.model, row.metric, row.k) == (FOR_YOU, MODEL, *figure):
            return asdict(row)
    return {}
