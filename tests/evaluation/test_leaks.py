"""On the toy shop: evaluation sees no test event, and the engine beats best sellers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.evaluation import EvaluationReport, runner, split_events
from recommender.evaluation.measure import Answers
from recommender.evaluation.tasks import Task
from recommender.ingest import read_dataset
from recommender.matrix import net_of_returns
from recommender.pipeline import evaluate


class Spied:
    """An evaluation of the toy shop, the data and bundle behind it, and its tasks."""

    def __init__(self, dataset: Dataset, config: Config) -> None:
        self.tasks: dict[str, Task] = {}
        with pytest.MonkeyPatch.context() as patch:
            fit, asked = evaluate.fit_bundle, runner.answer_tasks

            def fit_bundle(given: Dataset, *args: object, **options: object) -> Bundle:
                self.given = given
                self.bundle = fit(given, *args, **options)
                return self.bundle

            def recorded(bundle: Bundle, tasks: list[Task], *args: Any, **options: Any) -> list[Answers]:
                self.tasks = {task.name: task for task in tasks}
                return asked(bundle, tasks, *args, **options)

            patch.setattr(evaluate, "fit_bundle", fit_bundle)
            patch.setattr(runner, "answer_tasks", recorded)
            self.report: EvaluationReport = evaluate.evaluate_dataset(dataset, config)


@pytest.fixture(scope="module")
def dataset(toy_config: Config) -> Dataset:
    return read_dataset(toy_config)[0]


@pytest.fixture(scope="module")
def spied(dataset: Dataset, toy_config: Config) -> Spied:
    return Spied(dataset, toy_config)


def test_fits_on_the_training_side_only(spied: Spied, dataset: Dataset, toy_config: Config) -> None:
    split = split_events(dataset.events, toy_config.evaluation)
    assert spied.given.events.time.tolist() == split.train.time.tolist()
    assert spied.given.events.item.tolist() == split.train.item.tolist()
    assert spied.given.events.time.max() < split.test.time.min()


def test_other_test_events_give_the_same_bundle(spied: Spied, dataset: Dataset, toy_config: Config) -> None:
    events = dataset.events
    in_test = events.time > spied.given.events.time[-1]
    item = events.item.copy()
    item[in_test] = np.random.default_rng(0).permutation(item[in_test])
    other = Spied(replace(dataset, events=replace(events, item=item)), toy_config)
    for name, array in (
        ("als", "item_factors"),
        ("popular", "scores"),
        ("co_purchase", "scores"),
        ("histories", "values"),
    ):
        ours, theirs = (getattr(getattr(one.bundle, name), array) for one in (spied, other))
        assert ours.tobytes() == theirs.tobytes(), name
    assert other.report.rows != spied.report.rows


def test_what_is_given_or_owned_is_never_the_answer(spied: Spied) -> None:
    bought = net_of_returns(spied.given.events)
    bought = bought.where(bought.is_type("purchase"))
    owned = set(zip(bought.user.tolist(), bought.item.tolist(), strict=True))
    assert {name for name, task in spied.tasks.items() if len(task) > 30} == {"for-you", "also-bought", "buy-again"}
    for task in spied.tasks.values():
        assert (task.relevant.sizes > 0).all()
        for case in range(len(task)):
            assert not set(task.given.of(case).tolist()) & set(task.relevant.of(case).tolist())
    for_you = spied.tasks["for-you"]
    for case, user in enumerate(spied.bundle.users.indices_of(for_you.ids).tolist()):
        assert not {(user, item) for item in for_you.relevant.of(case).tolist()} & owned


def test_better_than_best_sellers(spied: Spied) -> None:
    metrics = spied.report.metrics
    for placement, lead in (("for-you", 1.05), ("also-bought", 1.6)):
        for metric in ("ndcg@10", "recall@10", "coverage@10"):
            ours = metrics[f"{placement}/alsobought/{metric}"]
            assert ours > lead * metrics[f"{placement}/best sellers/{metric}"], (placement, metric)
    assert not spied.report.worse_than_best_sellers


def test_notes_say_how_the_data_was_cut_and_how_many_were_asked(spied: Spied) -> None:
    cut, sides, for_you, also_bought, *_ = spied.report.notes
    assert cut == "time split: the last 28 days are the test"
    assert f"{len(spied.given.events):,} events train" in sides
    assert for_you.startswith(f"for-you: {len(spied.tasks['for-you']):,} users; new items")
    assert also_bought.startswith(f"also-bought: {len(spied.tasks['also-bought']):,} orders")


def test_the_report_says_of_which_data_and_configuration_it_tells(spied: Spied, toy_config: Config) -> None:
    found = spied.report.fingerprint
    assert found["train_sha256"] == spied.bundle.manifest.data_sha256 != found["test_sha256"]
    assert found["config"]["models"]["als"]["factors"] == toy_config.models.als.factors
    assert {len(found[name]) for name in ("train_sha256", "test_sha256", "config_sha256")} == {64}
