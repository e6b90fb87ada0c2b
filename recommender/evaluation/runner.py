"""Asking placements about the test side, exactly as the server would, and setting them beside best sellers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Evaluation, Gate
from recommender.dataset import Catalogue, Events, distinct
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.baseline import best_not_given, best_sellers, distinct_buyers
from recommender.evaluation.calibration import calibrate
from recommender.evaluation.checks import check_split
from recommender.evaluation.examples import examples_of
from recommender.evaluation.measure import Answers, Measured, adjust, main_figure, measure_task, source_shares
from recommender.evaluation.metrics import ItemFacts
from recommender.evaluation.report import Comparison, EvaluationReport, SourceShare, SplitRecord, TaskRecord
from recommender.evaluation.slices import CaseSlice, ItemSlice, category_slices, popularity_slices, user_slices
from recommender.evaluation.splits import Split
from recommender.evaluation.tasks import (
    FOR_YOU,
    SIMILAR_ITEMS,
    Task,
    also_bought_task,
    buy_again_task,
    cross_sell_task,
    for_you_task,
    goal_events,
    similar_items_task,
    up_sell_task,
)
from recommender.progress import Progress, silent, under

MODEL = "alsobought"
BASELINE = "best sellers"
EXAMPLES_PER_TASK = 5
NO_RIVALS: Mapping[str, Bundle] = {}

Relations = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Items and the items related to them, each of shape (n,)."""


def evaluate_bundle(
    bundle: Bundle,
    split: Split,
    config: Evaluation,
    gate: Gate,
    *,
    rivals: Mapping[str, Bundle] = NO_RIVALS,
    relations: Relations | None = None,
    fingerprint: Mapping[str, Any] | None = None,
    for_you_only: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> EvaluationReport:
    """Score the placements of a bundle fitted on `split.train`; similar-items only given `relations`.

    `for_you_only` scores what the gate looks at and leaves out the other placements, calibrations and examples.

    Only items with factors that the shop may show are relevant: the rule `matrix.min_users_per_item` holds for
    candidates and truth. The baseline ranks such items by distinct users of the last `test_days` of training and
    repeats nothing that is hidden or given. `rivals`, by name, are bundles fitted on the same events and ids: they are
    asked for-you too, and what one of them can show may be relevant. `fingerprint` says of which data and configuration
    the report tells;
    `workers` as in `answer_tasks`.

    Raises
    ------
    DataError
        If the split leaks: see `check_split`.
    """
    check_split(split)
    train, test = (goal_events(side, bundle.manifest.main_event) for side in (split.train, split.test))
    known = np.zeros(len(bundle.items), dtype=bool)
    for one in (bundle, *rivals.values()):
        known[one.als_index.items] = True
    known &= bundle.catalogue.servable
    facts = item_facts(train, bundle.catalogue, known)

    tasks = [for_you_task(bundle, test, known, config.max_users)]
    if not for_you_only:
        tasks += [
            also_bought_task(bundle, test, known, config.max_users),
            cross_sell_task(bundle, test, known, config.max_users),
            up_sell_task(bundle, train, test, known, config.max_users),
            buy_again_task(bundle, train, test, known, config.max_users),
        ]
    if relations is not None:
        tasks.append(similar_items_task(bundle, relations, known, config.max_users))
    asked = [task for task in tasks if len(task)]

    main = main_figure(gate.metric)
    depth = max(*config.k, main.k)
    best = best_sellers(train.where(known[train.item]), len(bundle.items), config.test_days)
    served = answer_tasks(bundle, asked, depth, workers=workers, progress=progress)
    measured: list[Measured] = []
    examples = []
    sources: list[SourceShare] = []
    for task, ours in zip(asked, served, strict=True):
        theirs = _answers_of(rivals, task, depth, workers, progress) if task.name == FOR_YOU else {}
        answers = {MODEL: ours, **theirs, BASELINE: Answers(best_not_given(best, task.given, depth))}
        slices = slices_of(task, facts, bundle.catalogue)
        measured.append(measure_task(task, answers, facts, ks=config.k, main=main, baseline=BASELINE, slices=slices))
        sources += source_shares(task, MODEL, ours, config.k[0])
        if not for_you_only:
            examples += examples_of(task, answers, bundle, config.k[0], EXAMPLES_PER_TASK)
    calibrated = [task for task in asked if task.name != SIMILAR_ITEMS and not for_you_only]
    calibrations = [found for task in calibrated for found in calibrate(bundle, task, progress=progress)]
    comparisons = adjust([one for part in measured for one in part.comparisons])
    ours_alone = [one for one in _of(comparisons, main) if one.model == MODEL]
    gate_line = next((one for one in ours_alone if one.task == FOR_YOU), None)
    return EvaluationReport(
        rows=[row for part in measured for row in part.rows],
        notes=[split.note, *notes_on(split), *_notes_on(tasks)],
        warnings=_warnings(ours_alone),
        gate_metric=gate.metric,
        difference=gate_line.difference if gate_line else 0.0,
        margin=gate_line.high - gate_line.difference if gate_line else 0.0,
        models=[MODEL, *rivals, BASELINE],
        baseline=BASELINE,
        tasks=[TaskRecord(task.name, task.asked, task.unit, len(task)) for task in tasks],
        split=SplitRecord(split.kind, split.note, split.counts),
        comparisons=comparisons,
        slices=[row for part in measured for row in part.slices],
        sources=sources,
        curves=[curve for part in measured for curve in part.curves],
        calibrations=calibrations,
        examples=examples,
        fingerprint=dict(fingerprint or {}),
        cases=[part.cases for part in measured],
    )


def _answers_of(
    rivals: Mapping[str, Bundle], task: Task, k: int, workers: int | None, progress: Progress
) -> dict[str, Answers]:
    return {
        name: answer_tasks(rival, [task], k, workers=workers, progress=under(name, progress))[0]
        for name, rival in rivals.items()
    }


def item_facts(goal: Events, catalogue: Catalogue, known: NDArray[np.bool_]) -> ItemFacts:
    """Return what is known of the items from the goal events of training and the catalogue.

    An item without a price in the catalogue has the mean price that training paid.
    """
    n_items = len(known)
    priced = ~np.isnan(goal.price)
    paid = np.bincount(goal.item[priced], goal.price[priced], minlength=n_items)
    times = np.bincount(goal.item[priced], minlength=n_items)
    mean_paid = np.divide(paid, times, out=np.full(n_items, np.nan), where=times > 0)
    return ItemFacts(
        known=known,
        buyers=distinct_buyers(goal, n_items),
        n_buyers=len(distinct(goal.actor)),
        bought=np.bincount(goal.item, minlength=n_items).astype(np.float64),
        price=np.where(np.isnan(catalogue.price), mean_paid, catalogue.price),
        category=catalogue.category,
    )


def slices_of(task: Task, facts: ItemFacts, catalogue: Catalogue) -> Sequence[CaseSlice | ItemSlice]:
    """Return the slices that this task and shop have."""
    return [
        *user_slices(task),
        *popularity_slices(facts.bought),
        *category_slices(task, catalogue.category, catalogue.categories),
    ]


def notes_on(split: Split) -> list[str]:
    """Return what the test side holds that training never met."""
    counts = split.counts
    return [
        f"{counts.train_events:,} events train, {counts.test_events:,} test; of these, {counts.cold_users:,} of "
        f"{counts.test_users:,} users and {counts.cold_items:,} of {counts.test_items:,} items are unknown to training"
    ]


def _notes_on(tasks: Sequence[Task]) -> list[str]:
    return [
        f"{task.name}: {len(task):,} {task.unit}; {task.asked}"
        if len(task)
        else f"{task.name}: no test case, so no figures"
        for task in tasks
    ]


def _of(comparisons: Sequence[Comparison], main: tuple[str, int]) -> list[Comparison]:
    return [one for one in comparisons if (one.metric, one.k) == main]


def _warnings(comparisons: Sequence[Comparison]) -> list[str]:
    return [
        f"{one.task} is clearly worse than {one.baseline}: {one.metric}@{one.k} {one.difference:+.4f} "
        f"(95%: {one.low:+.4f} to {one.high:+.4f})"
        for one in comparisons
        if one.direction < 0
    ]
