"""evaluate: fit on one side of the split, ask about the other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from recommender.bundle import Bundle
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.evaluation import EvaluationReport, Split, evaluate_bundle, split_events
from recommender.ingest import read_relations
from recommender.pipeline.check import read_and_check
from recommender.pipeline.fit import fingerprint, fit_bundle
from recommender.progress import Progress, silent, under


def run(config: Config, *, progress: Progress = silent) -> EvaluationReport:
    """Evaluate a shop's configuration on its data; nothing is stored.

    Raises
    ------
    DataError
        If the data can't be used, or the split leaves a side empty or leaks.
    """
    dataset, _ = read_and_check(config, progress=progress)
    return evaluate_dataset(dataset, config, progress=progress)


def evaluate_dataset(dataset: Dataset, config: Config, *, progress: Progress = silent) -> EvaluationReport:
    """Evaluate a configuration on a dataset that has been read."""
    split = split_events(dataset.events, config.evaluation, test=dataset.test, event_weights=config.event_weights)
    relations = read_relations(config, dataset.items)
    before = under("before the split", progress)
    bundle = fit_bundle(replace(dataset, events=split.train), config, progress=before)
    report = evaluate_bundle(
        bundle,
        split,
        config.evaluation,
        config.gate,
        relations=None if relations is None else (relations.item, relations.related),
        fingerprint=_origin(bundle, split, config),
        progress=progress,
    )
    if relations is None or not relations.unknown:
        return report
    unknown = f"similar-items: {relations.unknown:,} rows of evaluation.relations name an item that is not in the data"
    return replace(report, notes=[*report.notes, unknown])


def _origin(bundle: Bundle, split: Split, config: Config) -> dict[str, Any]:
    """Return which data and configuration, in full, a report tells of."""
    record = config_record(config)
    canonical = json.dumps(record, sort_keys=True).encode()
    return {
        "train_sha256": bundle.manifest.data_sha256,
        "test_sha256": fingerprint(split.test),
        "config_sha256": hashlib.sha256(canonical).hexdigest(),
        "trained_until": bundle.manifest.as_of,
        "libraries": bundle.manifest.libraries,
        "config": record,
    }
