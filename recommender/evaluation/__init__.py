"""Offline evaluation: splits, metrics, and the runner that scores placements as they are served, beside best sellers.

It looks at data and placements and never changes either; nothing here fits a model, the pipeline hands the fitted
bundle in. Pipeline and cli may import it.
"""

from recommender.evaluation.metrics import Metrics, measure
from recommender.evaluation.report import EvaluationReport, Row
from recommender.evaluation.runner import evaluate_bundle
from recommender.evaluation.splits import Split, split_events

__all__ = ["EvaluationReport", "Metrics", "Row", "Split", "evaluate_bundle", "measure", "split_events"]
