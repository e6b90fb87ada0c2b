"""On the toy shop: evaluation sees no test event, and the engine beats best sellers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.evaluation import EvaluationReport, runner, split_events
from recommender.ingest import read_dataset
from recommender.matrix import net_of_returns
from recommender.pipeline import evaluate


class Spied:
    """An evaluation of the toy shop, the data and bundle behind it, and its cases."""

    def __init__(self, dataset: Dataset, config: Config) -> None:
        self.cases: list[runner.Case] = []
        with pytest.MonkeyPatch.context() as patch:
            fit, case = evaluate.fit_bundle, runner.Case

            def fit_bundle(given: Dataset, *args: object, **options: object) -> Bundle:
                self.given = given
                self.bundle = fit(given, *args, **options)
                return self.bundle

            def recorded(*args: object) -> runner.Case:
                self.cases.append(case(*args))
                return self.cases[-1]

            patch.setattr(evaluate, "fit_bundle", fit_bundle)
            patch.setattr(runner, "Case", recorded)
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
    assert len(spied.cases) > 100
    bought = net_of_returns(spied.given.events)
    bought = bought.where(bought.is_type("purchase"))
    owned = set(zip(bought.user.tolist(), bought.item.tolist(), strict=True))
    for case in spied.cases:
        assert len(case.relevant) > 0
        assert not set(case.given.tolist()) & set(case.relevant.tolist())
        if case.query.user_id is not None:
            user = spied.bundle.users.index_of(case.query.user_id)
            assert not {(user, item) for item in case.relevant.tolist()} & owned


def test_better_than_best_sellers(spied: Spied) -> None:
    metrics = spied.report.metrics
    for placement, lead in (("for-you", 1.05), ("also-bought", 1.6)):
        for metric in ("ndcg@10", "recall@10", "coverage@10"):
            ours = metrics[f"{placement}/alsobought/{metric}"]
            assert ours > lead * metrics[f"{placement}/best sellers/{metric}"], (placement, metric)
    assert not spied.report.worse_than_best_sellers


def test_notes_say_how_the_data_was_cut_and_how_many_were_asked(spied: Spied) -> None:
    users = sum(case.query.placement == "for-you" for case in spied.cases)
    orders = len(spied.cases) - users
    assert spied.report.notes == [
        "time split: the last 28 days are the test",
        f"{users:,} users who bought something to be found, {orders:,} orders of at least two items",
    ]
