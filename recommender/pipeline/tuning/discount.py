"""How much popularity also-bought can leave out of its ranking at next to no cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Dataset, Events
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.metrics import hits_of, recall
from recommender.evaluation.tasks import Task, also_bought_task
from recommender.pipeline.fit import training_events
from recommender.pipeline.pairs import fit_pairs
from recommender.pipeline.tuning.option_names import Values, with_options
from recommender.progress import Progress, under

DISCOUNT = "models.co_purchase.popularity_discount"
STEPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)

TOLERANCE = 0.01
"""What share of the best step's recall may be given for showing more of the catalogue."""

ORDERS, LEAST_ORDERS = 3000, 300
"""Validation orders asked about, at most; with fewer than the least, a hundredth of recall is chance."""


@dataclass(frozen=True, slots=True)
class Step:
    """What also-bought reaches with one discount: recall@k by min(k, right ones), and the share of `known` shown."""

    popularity_discount: float
    recall: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Discounted:
    """The bundle with the pairs of the discount that was chosen, the options that say so, and what was measured."""

    bundle: Bundle
    options: Values
    steps: list[Step]


def search_discount(
    base: Bundle,
    fit_side: Dataset,
    test: Events,
    known: NDArray[np.bool_],
    config: Config,
    k: int,
    progress: Progress,
) -> Discounted:
    """Choose the largest discount that is good enough.

    Good enough is a recall@k of at least 1 - TOLERANCE of the best step's. Steps go up until one is not. `base` is
    fitted on `fit_side`; `test` are the validation's goal events, net of returns, asked about are its orders of
    `known` items, a mask of shape (I,). With too few of these nothing is chosen.
    """
    task = also_bought_task(base, test, known, ORDERS)
    if len(task) < LEAST_ORDERS:
        return Discounted(base, {}, [])
    events = training_events(fit_side, config)
    found, best = Discounted(base, {}, []), 0.0
    for number, discount in enumerate(STEPS):
        told = under(f"discount {discount:g}", progress)
        pairs = fit_pairs(
            events.goal, events.as_of, fit_side, with_options(config, {DISCOUNT: discount}), progress=told
        )
        bundle = replace(base, co_purchase=pairs.pairs, pair_facts=pairs.facts, category_purchase=pairs.of_categories)
        step = _measured(bundle, task, known, discount, k, told)
        found.steps.append(step)
        best = max(best, step.recall)
        progress("popularity_discount", number + 1, len(STEPS))
        if step.recall < (1 - TOLERANCE) * best:
            break
        found = Discounted(bundle, {DISCOUNT: discount} if discount else {}, found.steps)
    return found


def _measured(
    bundle: Bundle, task: Task, known: NDArray[np.bool_], discount: float, k: int, progress: Progress
) -> Step:
    slates = answer_tasks(bundle, [task], k, progress=progress)[0].slates
    shown = np.unique(slates[slates >= 0])
    return Step(
        discount,
        float(recall(hits_of(slates, task.relevant), task.relevant.sizes, k).mean()),
        float(np.count_nonzero(known[shown]) / np.count_nonzero(known)),
    )
