"""The same figures for any object with `recommend`: models of other libraries beside ours, on one split of raw ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import DEFAULT_EVENT_WEIGHTS, Config, parse_config
from recommender.dataset import Catalogue, Dataset, Events, IdMap
from recommender.errors import ConfigError, DataError
from recommender.evaluation.baseline import best_not_given, best_sellers
from recommender.evaluation.checks import check_split
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.measure import Answers, Figure, adjust, main_figure, measure_task
from recommender.evaluation.metrics import RANKING_METRICS
from recommender.evaluation.report import EvaluationReport, SplitRecord, TaskRecord
from recommender.evaluation.runner import BASELINE, item_facts, notes_on, slices_of
from recommender.evaluation.splits import Split, split_events
from recommender.evaluation.tasks import FOR_YOU, Task, goal_events, sample
from recommender.ingest import read_dataset
from recommender.matrix import main_event_type
from recommender.placements import MAX_K, Query, choose
from recommender.progress import Progress, silent

USERS_AT_ONCE = 1_000


class Recommender(Protocol):
    """What can be evaluated."""

    def recommend(self, user_ids: Sequence[str], k: int) -> Sequence[Sequence[str]]:
        """Return for each user up to k item ids, best first; an unknown user may get none."""


@dataclass(frozen=True)
class Holdout:
    """A split together with the ids and the catalogue that give its integers a meaning.

    `users.index_of("anna")` is the row of `user_items`, `items.index_of("TENT")` the column; `goal` is the event type
    that counts as bought.
    """

    users: IdMap
    items: IdMap
    catalogue: Catalogue
    split: Split
    goal: str

    @cached_property
    def train(self) -> Events:
        """The goal events of training, net of returns."""
        return goal_events(self.split.train, self.goal)

    @cached_property
    def user_items(self) -> sp.csr_matrix:
        """How often each user bought each item in training, shape (U, I): what a model may fit on."""
        bought = self.train.where(self.train.user >= 0)
        shape = (len(self.users), len(self.items))
        matrix = sp.csr_matrix((np.ones(len(bought), dtype=np.float32), (bought.user, bought.item)), shape=shape)
        matrix.sum_duplicates()
        return matrix

    @cached_property
    def owned(self) -> ItemLists:
        """What each user bought in training, U lists."""
        matrix = self.user_items
        return ItemLists(matrix.indptr.astype(np.int64), matrix.indices)


@dataclass(frozen=True, slots=True)
class PlacementModel:
    """A bundle's for-you as a model that can be evaluated: placement, rules and fallback as served."""

    bundle: Bundle

    def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
        """Ask for-you for each user."""
        choices = (choose(self.bundle, Query(FOR_YOU, k, user_id=user_id)) for user_id in user_ids)
        return [self.bundle.items.ids_of(choice.items) for choice in choices]


@dataclass(frozen=True)
class BestSellers:
    """Shows everybody what most users bought in the last `days` of training and the user has not."""

    holdout: Holdout
    days: float = 28.0

    def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
        """Return the best sellers that each user does not own."""
        users, items, owned = self.holdout.users, self.holdout.items, self.holdout.owned
        numbers = (users.index_of(user_id) for user_id in user_ids)
        given = ItemLists.of_arrays([owned.items[:0] if user is None else owned.of(user) for user in numbers])
        slates = best_not_given(self._best, given, k)
        return [items.ids_of(slate[slate >= 0].tolist()) for slate in slates]

    @cached_property
    def _best(self) -> NDArray[np.int32]:
        return best_sellers(self.holdout.train, len(self.holdout.items), self.days)


def hold_out(events: Any, catalogue: Any = None, *, test_events: Any = None, seed: int = 0, **options: Any) -> Holdout:
    """Read tables and split them; `options` are those of `[evaluation]`: split, test_days, test_share.

    Parameters
    ----------
    events, catalogue : table
        As `train.run` takes them: pandas, Arrow or what `pyarrow.table` reads, with our column names.
    test_events : table, optional
        The test side, where it is given.

    Raises
    ------
    ConfigError
        If an option is unknown or out of bounds.
    DataError
        If the tables can't be used, or a side would be empty.
    """
    if test_events is not None:
        options["split"] = "given"
    config = parse_config({"evaluation": options}, source="hold_out")
    dataset, _ = read_dataset(config, events=events, catalogue=catalogue, test_events=test_events)
    return hold_out_dataset(dataset, config, seed=seed)


def hold_out_dataset(dataset: Dataset, config: Config, *, seed: int = 0) -> Holdout:
    """Split a dataset that has been read, as its configuration says."""
    weights = config.event_weights or DEFAULT_EVENT_WEIGHTS
    split = split_events(dataset.events, config.evaluation, seed, test=dataset.test, event_weights=weights)
    goal = main_event_type(split.train, weights)
    return Holdout(dataset.users, dataset.items, dataset.catalogue, split, goal)


def evaluate(
    models: Mapping[str, Recommender],
    split: Holdout,
    metrics: Sequence[str] = ("ndcg@10", "recall@20"),
    *,
    new_items: bool = True,
    max_users: int = 10_000,
    progress: Progress = silent,
) -> EvaluationReport:
    """Ask each model for every user of the test side, and set the others beside the first, or beside "best sellers".

    Relevant are the items that a user bought on the test side and that somebody bought in training; with `new_items`
    only those that the user did not buy there. Slates count as they come: hiding what a user owns is the model's part.

    Parameters
    ----------
    models : mapping
        Name -> any object with `recommend(user_ids, k)`; see `Recommender`.
    split : Holdout
        From `hold_out`. Fit the models on its training side and on nothing else.
    metrics : sequence of str
        "name@k", with the names of `RANKING_METRICS`; the first is the one that slices show.
    max_users : int
        A seeded sample beyond.

    Raises
    ------
    ConfigError
        If a metric is unknown or k out of bounds, or there is no model.
    DataError
        If the split leaks, nobody can be asked, or a model answers with something else than a list per user.
    """
    figures = [_figure(text) for text in metrics]
    if not models or not figures:
        raise ConfigError("evaluate needs at least one model and one metric")
    check_split(split.split)
    task, known = _task(split, max_users, new_items=new_items)
    if not len(task):
        raise DataError("nobody can be asked: no user of the test side bought an item there that training knows")
    ks = sorted({k for _, k in figures})
    answers = {name: _ask(name, model, split.items, task, ks[-1], progress) for name, model in models.items()}
    facts = item_facts(split.train, split.catalogue, known)
    baseline = BASELINE if BASELINE in models else next(iter(models))
    measured = measure_task(
        task,
        answers,
        facts,
        ks=ks,
        main=figures[0],
        baseline=baseline if len(models) > 1 else None,
        slices=slices_of(task, facts, split.catalogue),
    )
    wanted = {*figures}
    not_ranking = [row for row in measured.rows if row.metric not in RANKING_METRICS]
    comparisons = adjust([one for one in measured.comparisons if (one.metric, one.k) in wanted])
    main = [one for one in comparisons if (one.metric, one.k) == figures[0]]
    return EvaluationReport(
        rows=[row for row in measured.rows if (row.metric, row.k) in wanted] + not_ranking,
        notes=[split.split.note, *notes_on(split.split), f"{task.name}: {len(task):,} {task.unit}; {task.asked}"],
        warnings=[],
        gate_metric=metrics[0],
        difference=main[0].difference if main else 0.0,
        margin=main[0].high - main[0].difference if main else 0.0,
        models=list(models),
        baseline=baseline if len(models) > 1 else None,
        tasks=[TaskRecord(task.name, task.asked, task.unit, len(task))],
        split=SplitRecord(split.split.kind, split.split.note, split.split.counts),
        comparisons=comparisons,
        slices=measured.slices,
        curves=measured.curves,
        cases=[measured.cases],
    )


def _figure(text: str) -> Figure:
    name, _, k = text.partition("@")
    if name not in RANKING_METRICS:
        raise ConfigError(f"metric {text!r} is unknown; write name@k with one of: {', '.join(RANKING_METRICS)}")
    if not k.isdecimal() or not 1 <= int(k) <= MAX_K:
        raise ConfigError(f"metric {text!r}: k must be from 1 to {MAX_K}, as in {name}@10")
    return main_figure(text)


def _task(holdout: Holdout, max_users: int, *, new_items: bool) -> tuple[Task, NDArray[np.bool_]]:
    test, owned = goal_events(holdout.split.test, holdout.goal), holdout.owned
    known = np.zeros(len(holdout.items), dtype=bool)
    known[holdout.train.item] = True
    known &= holdout.catalogue.servable
    asked = test.where((test.user >= 0) & known[test.item])
    n_users = len(holdout.users)
    relevant = ItemLists.of_pairs(asked.user, asked.item, n_users)
    if new_items:
        new = ~owned.holds(relevant.owner, relevant.items)
        relevant = ItemLists.of_pairs(relevant.owner[new], relevant.items[new], n_users)
    users = sample(np.flatnonzero(relevant.sizes), max_users)
    task = Task(
        name=FOR_YOU,
        asked="new items, not bought before" if new_items else "all purchases",
        unit="users",
        ids=holdout.users.ids_of(users.tolist()),
        given=owned.chosen(users),
        relevant=relevant.chosen(users),
        units=users,
        history=owned.sizes[users],
    )
    return task, known


def _ask(name: str, model: Recommender, items: IdMap, task: Task, k: int, progress: Progress) -> Answers:
    """Return the slates of a model; ids that nobody knows keep their place, as misses."""
    slates = np.full((len(task), k), -1, dtype=np.int32)
    for start in range(0, len(task), USERS_AT_ONCE):
        asked = task.ids[start : start + USERS_AT_ONCE]
        found = model.recommend(asked, k)
        if len(found) != len(asked):
            raise DataError(f"{name}: recommend answered {len(found):,} slates to {len(asked):,} users; one per user")
        for case, slate in enumerate(found, start):
            if isinstance(slate, str):
                raise DataError(f"{name}: recommend answered the text {slate!r} for a user, not a sequence of item ids")
            ids = list(slate)[:k]
            if len(set(ids)) < len(ids):
                raise DataError(f"{name}: recommend answered an item twice to user {task.ids[case]!r}")
            for place, item_id in enumerate(ids):
                item = items.index_of(str(item_id))
                slates[case, place] = -1 if item is None else item
        progress(f"evaluate {name}", min(start + USERS_AT_ONCE, len(task)), len(task))
    return Answers(slates)
