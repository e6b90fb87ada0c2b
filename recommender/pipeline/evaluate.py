"""evaluate: fit on one side of the split, ask about the other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recommender.bundle import Bundle
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import RETURN, Dataset, Events
from recommender.evaluation import EvaluationReport, Split, evaluate_bundle, split_events
from recommender.ingest import read_relations
from recommender.pipeline.check import read_and_check
from recommender.pipeline.fit import fingerprint, fit_bundle
from recommender.progress import Progress, silent, under

NO_RIVALS: Mapping[str, Config] = {}


def run(config: Config, *, progress: Progress = silent) -> EvaluationReport:
    """Evaluate a shop's configuration on its data; nothing is stored.

    Raises
    ------
    DataError
        If the data can't be used, or the split leaves a side empty or leaks.
    """
    dataset, _ = read_and_check(config, progress=progress)
    return evaluate_dataset(dataset, config, progress=progress)


def evaluate_dataset(
    dataset: Dataset, config: Config, *, rivals: Mapping[str, Config] = NO_RIVALS, progress: Progress = silent
) -> EvaluationReport:
    """Evaluate a configuration on a dataset that has been read, beside `rivals`: other recipes, by name.

    Each recipe is fitted on the event types that it weighs, from the same events before the cut.
    """
    split = split_events(dataset.events, config.evaluation, test=dataset.test, event_weights=config.event_weights)
    relations = read_relations(config, dataset.items)

    def fitted(recipe: Config, name: str) -> Bundle:
        train = replace(dataset, events=weighed(split.train, recipe))
        return fit_bundle(train, recipe, progress=under(name, progress))

    bundle = fitted(config, "before the split")
    report = evaluate_bundle(
        bundle,
        split,
        config.evaluation,
        config.gate,
        rivals={name: fitted(recipe, name) for name, recipe in rivals.items()},
        relations=None if relations is None else (relations.item, relations.related),
        fingerprint=_origin(bundle, split, config),
        progress=progress,
    )
    if relations is None or not relations.unknown:
        return report
    unknown = f"similar-items: {relations.unknown:,} rows of evaluation.relations name an item that is not in the data"
    return replace(report, notes=[*report.notes, unknown])


def weighed(events: Events, recipe: Config) -> Events:
    """Return the events of the types that a recipe weighs, and returns."""
    return events.where(events.is_type(*recipe.event_weights, RETURN))


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
