"""evaluate: fit on the events before the cut, ask about those after it."""

from __future__ import annotations

from dataclasses import replace

from recommender.config import Config
from recommender.dataset import Dataset
from recommender.evaluation import EvaluationReport, evaluate_bundle, split_events
from recommender.pipeline.check import read_and_check
from recommender.pipeline.fit import fit_bundle
from recommender.progress import Progress, silent, under


def run(config: Config, *, progress: Progress = silent) -> EvaluationReport:
    """Evaluate a shop's configuration on its data; nothing is stored.

    Raises
    ------
    DataError
        If the data can't be used, or the split leaves a side empty.
    """
    dataset, _ = read_and_check(config, progress=progress)
    return evaluate_dataset(dataset, config, progress=progress)


def evaluate_dataset(dataset: Dataset, config: Config, *, progress: Progress = silent) -> EvaluationReport:
    """Evaluate a configuration on a dataset that has been read."""
    split = split_events(dataset.events, config.evaluation)
    before = under("before the split", progress)
    bundle = fit_bundle(replace(dataset, events=split.train), config, progress=before)
    return evaluate_bundle(bundle, split, config.evaluation, config.gate, progress=progress)
