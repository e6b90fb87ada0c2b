"""Offline evaluation: splits and their checks, tasks, metrics, statistics, and reports.

It looks at data and placements and never changes either; nothing here fits a model, the pipeline or the caller hands it
in. Pipeline and cli may import it.
"""

from recommender.evaluation.any_model import (
    BestSellers,
    Holdout,
    PlacementModel,
    Recommender,
    evaluate,
    hold_out,
    hold_out_dataset,
)
from recommender.evaluation.checks import check_split
from recommender.evaluation.metrics import RANKING_METRICS
from recommender.evaluation.report import EvaluationReport, Row
from recommender.evaluation.runner import evaluate_bundle
from recommender.evaluation.splits import Split, split_events
from recommender.evaluation.statistics import bootstrap_means, compare_paired, holm

__all__ = [
    "RANKING_METRICS",
    "BestSellers",
    "EvaluationReport",
    "Holdout",
    "PlacementModel",
    "Recommender",
    "Row",
    "Split",
    "bootstrap_means",
    "check_split",
    "compare_paired",
    "evaluate",
    "evaluate_bundle",
    "hold_out",
    "hold_out_dataset",
    "holm",
    "split_events",
]
