"""How the live version, as it is, answers about what happened since its own cut: the only events it has not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Evaluation, Gate
from recommender.dataset import Dataset, IdMap
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.measure import main_figure
from recommender.evaluation.metrics import RANKING_METRICS, hits_of
from recommender.evaluation.statistics import bootstrap_means, interval
from recommender.evaluation.tasks import for_you_task, goal_events
from recommender.progress import Progress, silent

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class SinceCut:
    """The mean figure of a live version over `n_users` users since its cut, `days` ago; None where there are none."""

    version: str
    days: float
    metric: str
    n_users: int
    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as JSON types."""
        return asdict(self)


def score_since_cut(
    live: Bundle, dataset: Dataset, config: Evaluation, gate: Gate, *, progress: Progress = silent
) -> SinceCut | None:
    """Score for-you of the live version on the goal events after its `as_of`; None where there are no times.

    Users and items that it does not know are left out: they tell of its age, not of its taste.
    """
    cut = live.as_of_seconds
    if cut is None or not dataset.events.has_times:
        return None
    goal = goal_events(dataset.events, live.manifest.main_event)
    later = goal.where((goal.time > cut) & (goal.user >= 0))
    user, item = _ranks(dataset.users, live.users), _ranks(dataset.items, live.items)
    later = replace(later, user=user[later.user], item=item[later.item])
    later = later.where((later.user != UNKNOWN) & (later.item != UNKNOWN))
    known = np.zeros(len(live.items), dtype=bool)
    known[live.als_index.items] = True
    task = for_you_task(live, later, known & live.catalogue.servable, config.max_users)
    days = max(int(dataset.events.time[-1]) - cut, 0) / 86_400
    if not len(task):
        return SinceCut(live.version, days, gate.metric, 0, None, None, None)
    figure = main_figure(gate.metric)
    answers = answer_tasks(live, [task], figure.k, progress=progress)[0]
    column = RANKING_METRICS[figure.metric](hits_of(answers.slates, task.relevant), task.relevant.sizes, figure.k)
    low, high = interval(bootstrap_means(column[:, None]))
    return SinceCut(live.version, days, gate.metric, len(task), float(column.mean()), float(low[0]), float(high[0]))


def _ranks(ids: IdMap, there: IdMap) -> NDArray[np.int32]:
    """Return the integers that another map gives to these ids, shape (len(ids),), -1 where it does not know one."""
    rank = {text: number for number, text in enumerate(there)}
    return np.array([rank.get(text, UNKNOWN) for text in ids], dtype=np.int32)
