"""A few slates as a person can judge them: titles instead of figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.evaluation.measure import Answers
from recommender.evaluation.report import Example, ShownItem
from recommender.evaluation.tasks import Task
from recommender.placements import recommend

MOST_NAMED = 6


def examples_of(task: Task, answers: Mapping[str, Answers], bundle: Bundle, k: int, most: int) -> list[Example]:
    """Return up to `most` cases drawn by a seeded lot, whether the models are right there or not."""
    cases = np.sort(np.random.default_rng(1).permutation(len(task))[:most])
    return [_example(task, answers, bundle, int(case), k) for case in cases]


def _example(task: Task, answers: Mapping[str, Answers], bundle: Bundle, case: int, k: int) -> Example:
    relevant = task.relevant.of(case)
    asked = next(iter(answers))  # the bundle itself stands first
    said = {item["item_id"]: item["reason"]["text"] for item in recommend(bundle, task.query(case, k)).items}
    return Example(
        task=task.name,
        asked_id=task.ids[case],
        about=_titles(bundle, _asked_about(task, bundle, case)),
        relevant=_titles(bundle, relevant),
        slates={
            model: [
                ShownItem(
                    bundle.items.id_of(item),
                    _title(bundle, item),
                    item in relevant,
                    said.get(bundle.items.id_of(item), "") if model == asked else "",
                )
                for item in given.slates[case, :k].tolist()
                if item >= 0
            ]
            for model, given in answers.items()
        },
    )


def _asked_about(task: Task, bundle: Bundle, case: int) -> NDArray[np.int32]:
    """Return the item that was asked about, or what weighs most in the user's history."""
    if task.history is None:
        return task.given.of(case)
    items, values, *_ = bundle.histories.row(int(task.units[case]))
    return np.asarray(items[np.argsort(-values, kind="stable")])


def _titles(bundle: Bundle, items: NDArray[np.int32]) -> list[str]:
    named = [_title(bundle, item) for item in items[:MOST_NAMED].tolist()]
    return [*named, f"and {len(items) - MOST_NAMED:,} more"] if len(items) > MOST_NAMED else named


def _title(bundle: Bundle, item: int) -> str:
    return str(bundle.catalogue.fields(item, ("title",)).get("title", bundle.items.id_of(item)))
