"""Any object with `recommend`, on a split of raw ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.errors import ConfigError, DataError
from recommender.evaluation import BestSellers, EvaluationReport, Holdout, PlacementModel, evaluate, hold_out
from recommender.toy_shop import ToyShop


@dataclass
class Fixed:
    """Answers what it was told, and remembers whom it was asked about."""

    slates: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
        self.asked += user_ids
        return [self.slates.get(user, []) for user in user_ids]


def purchases(*rows: tuple[str, str, int]) -> pd.DataFrame:
    users, items, days = zip(*rows, strict=True)
    times = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    return pd.DataFrame({"user_id": users, "item_id": items, "event": "purchase", "timestamp": times})


@pytest.fixture
def small() -> Holdout:
    return hold_out(
        purchases(
            ("ann", "a", 1),
            ("ann", "b", 2),
            ("bob", "b", 3),
            ("bob", 'c,"<i>', 4),
            ("ann", 'c,"<i>', 40),
            ("ann", "a", 40),
            ("bob", "a", 41),
            ("new", "b", 41),
            ("new", "cold", 41),
        ),
        test_days=10,
    )


@pytest.fixture(scope="module")
def toy(toy_shop: ToyShop) -> Holdout:
    return hold_out(toy_shop.events, toy_shop.catalogue)


def values(report: EvaluationReport) -> dict[str, float]:
    return {name.removeprefix("for-you/"): value for name, value in report.metrics.items()}


def test_by_hand(small: Holdout) -> None:
    model = Fixed({"ann": ['c,"<i>'], "bob": ["b", "a"], "new": ["cold", "nobody", "b"]})
    report = evaluate({"mine": model, "best sellers": BestSellers(small)}, small, ("recall@1", "mrr@3"))
    # ann's a is owned and cold is unknown to training
    assert model.asked == ["ann", "bob", "new"]
    found = values(report)
    assert found["mine/recall@1"] == pytest.approx(1 / 3)
    assert found["mine/mrr@3"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    # best sellers: b by two, then a and c by one each
    assert found["best sellers/recall@1"] == pytest.approx((1 + 1 + 1) / 3)
    assert [task.asked for task in report.tasks] == ["new items, not bought before"]
    assert report.split is not None
    assert (report.split.counts.cold_users, report.split.counts.cold_items) == (1, 1)
    assert {(one.model, one.baseline) for one in report.comparisons} == {("mine", "best sellers")}


def test_all_purchases(small: Holdout) -> None:
    report = evaluate({"mine": Fixed({"ann": ["a"]})}, small, ("recall_all@1",), new_items=False)
    assert values(report)["mine/recall_all@1"] == pytest.approx((1 / 2) / 3)
    assert report.comparisons == []
    assert report.baseline is None


def test_the_training_side_as_a_matrix(small: Holdout) -> None:
    matrix = small.user_items
    assert matrix.shape == (3, 4)
    ann, b = small.users.index_of("ann"), small.items.index_of("b")
    assert matrix[ann].toarray().sum() == 2
    assert matrix[:, b].sum() == 2
    assert matrix[small.users.index_of("new")].nnz == 0


def test_ours_beside_best_sellers_on_the_toy_shop(toy: Holdout, toy_bundle: Bundle) -> None:
    models = {
        "served": PlacementModel(toy_bundle),
        "best sellers": BestSellers(toy),
        "twin": BestSellers(toy),
    }
    report = evaluate(models, toy, ("ndcg@10", "recall@20"))
    assert report.models == list(models)
    twin = [one for one in report.comparisons if one.model == "twin"]
    assert {(one.difference, one.p_holm) for one in twin} == {(0, 1)}
    assert all(one.p_holm >= one.p for one in report.comparisons)
    assert {(row.metric, row.k) for row in report.rows if row.metric in ("ndcg", "recall")} == {
        ("ndcg", 10),
        ("recall", 20),
    }
    assert {row.by for row in report.slices} == {"history", "popularity", "category"}


def test_a_test_side_of_its_own() -> None:
    train = purchases(("ann", "a", 1), ("bob", "b", 2)).drop(columns="timestamp")
    test = purchases(("ann", "b", 1), ("bob", "cold", 2), ("zoe", "a", 3)).drop(columns="timestamp")
    holdout = hold_out(train, test_events=test)
    report = evaluate({"mine": Fixed({"ann": ["b"], "zoe": ["b", "a"]})}, holdout, ("mrr@2",))
    assert values(report)["mine/mrr@2"] == (1 + 1 / 2) / 2
    leaky = hold_out(pd.concat([train, test]), test_events=test)
    with pytest.raises(DataError, match="3 of 3 test events leaked into training"):
        evaluate({"mine": Fixed({})}, leaky)


def test_a_sample_asks_no_more_users(toy: Holdout) -> None:
    model = Fixed({})
    evaluate({"mine": model}, toy, max_users=7)
    assert len(model.asked) == 7


@pytest.mark.parametrize("split", ["leave_last_order_out", "leave_last_item_out", "random"])
def test_other_splits(toy_shop: ToyShop, split: str) -> None:
    holdout = hold_out(toy_shop.events, toy_shop.catalogue, split=split)
    report = evaluate({"best sellers": BestSellers(holdout)}, holdout, ("recall@20",))
    assert report.rows[0].value > 0
    assert split in report.notes[0]


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        (("auc@10",), "metric 'auc@10' is unknown; write name@k with one of: recall, "),
        (("ndcg",), "k must be from 1 to 100, as in ndcg@10"),
        (("ndcg@0",), "k must be from 1"),
        (("ndcg@1000",), "k must be from 1 to 100"),
        ((), "at least one model and one metric"),
    ],
)
def test_wrong_metrics(small: Holdout, metrics: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        evaluate({"mine": Fixed({})}, small, metrics)


def test_wrong_options() -> None:
    with pytest.raises(ConfigError, match=r"hold_out: unknown key 'evaluation\.test_day'; did you mean 'test_days'"):
        hold_out(purchases(("ann", "a", 1)), test_day=10)


def test_wrong_answers(small: Holdout) -> None:
    class TooFew:
        def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
            return [[]]

    class Text:
        def recommend(self, user_ids: Sequence[str], k: int) -> list[str]:
            return ["a" for _ in user_ids]

    with pytest.raises(DataError, match="mine: recommend answered 1 slates to 3 users"):
        evaluate({"mine": TooFew()}, small)
    with pytest.raises(DataError, match="answered the text 'a'"):
        evaluate({"mine": Text()}, small)
    with pytest.raises(DataError, match="an item twice to user 'ann'"):
        evaluate({"mine": Fixed({"ann": ["a", "a"]})}, small)


def test_nobody_to_ask() -> None:
    holdout = hold_out(purchases(("ann", "a", 1), ("bob", "b", 2), ("ann", "new", 40)), test_days=10)
    with pytest.raises(DataError, match="nobody can be asked"):
        evaluate({"mine": Fixed({})}, holdout)


def test_a_single_user() -> None:
    holdout = hold_out(purchases(("ann", "a", 1), ("bob", "b", 2), ("ann", "b", 40)), test_days=10)
    report = evaluate({"mine": Fixed({"ann": ["b"]}), "none": Fixed({})}, holdout)
    assert values(report)["mine/ndcg@10"] == 1
    assert report.comparisons == []
    assert (report.difference, report.margin) == (0, 0)


def test_a_holdout_that_leaks_is_refused(small: Holdout) -> None:
    from dataclasses import replace

    both = small.split.train.where(np.ones(len(small.split.train), dtype=bool))
    with pytest.raises(DataError, match="no time split"):
        evaluate({"mine": Fixed({})}, replace(small, split=replace(small.split, test=both)))
