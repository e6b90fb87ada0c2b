"""A shop of six items and four users, whose every figure is worked out by hand.

Day 40 is the last, the last ten days are the test. i5 is unknown to training, so it is never asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import log2
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hand_made import E, make_events

from recommender.bundle import Bundle
from recommender.config import Config, parse_config
from recommender.dataset import Catalogue, Dataset, IdMap
from recommender.errors import DataError
from recommender.evaluation import EvaluationReport, answers, evaluate_bundle, runner, split_events
from recommender.evaluation.report import Comparison
from recommender.evaluation.tasks import Task
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query

N_USERS, N_ITEMS = 4, 6

TRAIN = [
    E(3, user=3, day=0),
    E(4, user=1, day=2),
    E(1, user=0, day=25),
    E(0, user=0, day=5),
    E(0, user=1, day=25),
    E(2, user=1, day=25),
    E(0, user=2, day=25),
    E(1, user=2, day=26),
    E(3, "view", user=2, day=26),
    E(0, user=3, day=30),
]
TEST = [
    E(0, user=0, order=0, day=31),
    E(2, user=0, order=0, day=31),
    E(5, user=0, order=0, day=31),
    E(1, user=1, order=1, day=35),
    E(3, user=1, order=1, day=35),
    E(4, user=1, order=1, day=35),
    E(4, "return", user=1, order=1, day=36),
    E(3, user=2, day=39),
    E(1, order=2, day=39),
    E(4, "view", user=3, day=40),
]
BEST_SELLERS = [0, 1, 2]  # of days 20 to 30: i0 by three users, i1 by two, i2 by one

Reports = tuple[EvaluationReport, dict[str, Task]]
Evaluate = Callable[..., Reports]


def make_config(**sections: dict[str, Any]) -> Config:
    tree: dict[str, Any] = {
        "data": {"events": "unused"},
        "models": {"als": {"factors": 4, "epochs": 2}},
        "evaluation": {"test_days": 10, "k": [1, 2]},
        "gate": {"metric": "ndcg@2"},
    }
    return parse_config(tree | sections)


def make_dataset(*rows: E, listed: list[bool] | None = None) -> Dataset:
    return Dataset(
        users=IdMap.from_ids(f"u{number}" for number in range(N_USERS)),
        sessions=IdMap.from_ids([]),
        items=IdMap.from_ids(f"i{number}" for number in range(N_ITEMS)),
        events=make_events(*rows, n_users=N_USERS, n_orders=3),
        catalogue=Catalogue(pa.table({"listed": listed or [True] * N_ITEMS})),
    )


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Evaluate a dataset; `answers` maps a user or anchor id to the items that the model shall answer."""
    asked = runner.answer_tasks

    def run(
        slates: dict[str, list[int]],
        config: Config | None = None,
        *rows: E,
        listed: list[bool] | None = None,
        **options: Any,
    ) -> Reports:
        config = config or make_config()
        dataset = make_dataset(*(rows or TRAIN + TEST), listed=listed)
        split = split_events(dataset.events, config.evaluation)
        bundle = fit_bundle(replace(dataset, events=split.train), config)
        tasks: dict[str, Task] = {}

        def choose(bundle: Bundle, query: Query) -> SimpleNamespace:
            items = slates.get(query.user_id or query.item_ids[0], [])[: query.k]
            return SimpleNamespace(items=items, own=1, sources=["als"] * len(items))

        def recorded(bundle: Bundle, given: list[Task], *arguments: Any, **named: Any) -> Any:
            tasks.update({task.name: task for task in given})
            return asked(bundle, given, *arguments, **named)

        monkeypatch.setattr(answers, "choose", choose)
        monkeypatch.setattr(runner, "answer_tasks", recorded)
        return evaluate_bundle(bundle, split, config.evaluation, config.gate, **options), tasks

    return run


RANKING = {"recall", "ndcg", "hit_rate", "coverage"}


def figures(report: EvaluationReport, task: str, model: str, names: set[str] = RANKING) -> dict[str, float]:
    return {
        f"{row.metric}@{row.k}": row.value
        for row in report.rows
        if (row.task, row.model) == (task, model) and row.metric in names
    }


def for_you(tasks: dict[str, Task]) -> dict[str, tuple[list[int], list[int]]]:
    task = tasks["for-you"]
    return {user: (task.given.of(case).tolist(), task.relevant.of(case).tolist()) for case, user in enumerate(task.ids)}


def test_for_you_is_asked_about_new_items_that_training_knows(evaluate: Evaluate) -> None:
    _, tasks = evaluate({})
    # u0: i0 is owned, i5 unknown. u1: i4 was returned. u2: i3 was looked at. u3 only looks.
    assert for_you(tasks) == {"u0": ([0, 1], [2]), "u1": ([0, 2, 4], [1, 3])}


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (
            {"exclude_seen": False, "exclude_owned": True},
            {"u0": ([0, 1], [2]), "u1": ([0, 2, 4], [1, 3]), "u2": ([0, 1], [3])},
        ),
        (
            {"exclude_seen": False, "exclude_owned": False},
            {"u0": ([], [0, 2]), "u1": ([], [1, 3]), "u2": ([], [3])},
        ),
    ],
)
def test_what_counts_as_new_follows_the_rules_of_the_placement(
    evaluate: Evaluate, rules: dict[str, bool], wanted: dict[str, tuple[list[int], list[int]]]
) -> None:
    _, tasks = evaluate({}, make_config(placements={"for-you": rules}))
    assert for_you(tasks) == wanted


def test_items_that_may_not_be_shown_are_not_asked_for(evaluate: Evaluate) -> None:
    _, tasks = evaluate({}, None, listed=[True, True, True, False, True, True])
    assert for_you(tasks) == {"u0": ([0, 1], [2]), "u1": ([0, 2, 4], [1])}
    report, tasks = evaluate({}, make_config(matrix={"min_users_per_item": 2}))
    assert for_you(tasks) == {"u1": ([0, 2, 4], [1, 3])}
    assert figures(report, "for-you", "best sellers")["coverage@2"] == pytest.approx(1 / 3)  # i1 of i0, i1, i3


def test_figures_of_for_you(evaluate: Evaluate) -> None:
    report, _ = evaluate({"u0": [3, 2], "u1": [5, 3]})
    second = 1 / log2(3)
    ideal = 1 + second
    # best sellers: u0 is given [i2], u1 [i1]
    assert figures(report, "for-you", "best sellers") == pytest.approx(
        {
            "recall@1": 1,
            "ndcg@1": 1,
            "hit_rate@1": 1,
            "coverage@1": 2 / 5,
            "recall@2": (1 + 1 / 2) / 2,
            "ndcg@2": (1 + 1 / ideal) / 2,
            "hit_rate@2": 1,
            "coverage@2": 2 / 5,
        }
    )
    # i5 has no factors: it counts neither as a hit nor as covered
    assert figures(report, "for-you", "alsobought") == pytest.approx(
        {
            "recall@1": 0,
            "ndcg@1": 0,
            "hit_rate@1": 0,
            "coverage@1": 1 / 5,
            "recall@2": (1 + 1 / 2) / 2,
            "ndcg@2": (second + second / ideal) / 2,
            "hit_rate@2": 1,
            "coverage@2": 2 / 5,
        }
    )
    assert {row.n for row in report.rows if row.task == "for-you"} == {2}

    # two users, drawn twice with replacement: the best and the worst that can come are one of them twice
    differences = sorted([second - 1, (second - 1) / ideal])
    mean = sum(differences) / 2
    (gate,) = (one for one in report.comparisons if (one.task, one.metric, one.k) == ("for-you", "ndcg", 2))
    assert (gate.model, gate.baseline, gate.n) == ("alsobought", "best sellers", 2)
    assert [gate.low, gate.high] == pytest.approx(differences)
    assert report.difference == gate.difference == pytest.approx(mean)
    assert report.margin == pytest.approx(differences[1] - mean)
    assert report.worse_than_best_sellers


def test_what_is_shown(evaluate: Evaluate) -> None:
    report, _ = evaluate({"u0": [3, 2], "u1": [5, 3]}, make_config(evaluation={"test_days": 10, "k": [2]}))
    shown = {"popularity", "novelty", "diversity", "fallback", "gini", "revenue"}
    found = figures(report, "for-you", "alsobought", shown)
    # four buyers in training: i2 by one, i3 by one, i5 by none, which counts as one
    assert found.pop("gini@2") == pytest.approx((2 * 4 - 5 - 1 + 2 * (2 * 5 - 5 - 1)) / (5 * 3))
    assert found == pytest.approx({"popularity@2": (1 / 4 + 1 / 8) / 2, "novelty@2": 2, "fallback@2": 1 / 2})
    assert "fallback@2" not in figures(report, "for-you", "best sellers", shown)


def test_slices_give_each_part_its_n(evaluate: Evaluate) -> None:
    report, _ = evaluate({"u0": [2], "u1": [1]})
    found = {
        (row.by, row.group, row.model): (row.value, row.n)
        for row in report.slices
        if row.task == "for-you" and row.metric == "ndcg"
    }
    ideal = 1 + 1 / log2(3)
    # u0 knew 2 items, u1 3; i0 and i1 were bought six times of nine, so i0 (4) and i1 (2) are more than half
    assert found["history", "light (1 to 2)", "alsobought"] == (1, 1)
    assert found["history", "medium (to 3)", "alsobought"] == (pytest.approx(1 / ideal), 1)
    assert found["popularity", "head", "alsobought"] == (1, 1)
    assert found["popularity", "tail", "alsobought"] == (pytest.approx(1 / 2), 2)
    assert not any(by == "category" for by, _, _ in found)


def test_also_bought_asks_for_the_rest_of_an_order(evaluate: Evaluate) -> None:
    rest = {"i0": [2], "i2": [0], "i1": [3], "i3": [1]}
    report, tasks = evaluate(rest)
    orders = tasks["also-bought"]
    assert len(orders) == 2
    for case, anchor in enumerate(orders.ids):
        assert orders.relevant.of(case).tolist() == rest[anchor]
        assert orders.given.of(case).tolist() == [int(anchor[1])]
        assert orders.query(case, 3) == Query("also-bought", 3, item_ids=(anchor,))
    assert set(figures(report, "also-bought", "alsobought").values()) == {1.0, 2 / 5}
    # the best seller other than the anchor is i0, or i1 where i0 was given
    hits = [rest[anchor] == [0] for anchor in orders.ids]
    assert figures(report, "also-bought", "best sellers")["recall@1"] == np.mean(hits)


def test_slates_reach_as_far_as_the_gate_looks(evaluate: Evaluate) -> None:
    config = make_config(evaluation={"test_days": 10, "k": [1]}, gate={"metric": "hit_rate@3"})
    report, _ = evaluate({"u0": [4, 3, 2], "u1": [5, 4, 3]}, config)
    assert report.difference == 0  # the model hits both users, as best sellers do: at 3
    assert {row.k for row in report.rows} == {1}


def test_a_sample_is_bounded_and_the_same_every_time(evaluate: Evaluate) -> None:
    config = make_config(evaluation={"test_days": 10, "k": [1], "max_users": 1})
    (first, tasks), (again, _) = evaluate({}, config), evaluate({}, config)
    assert [len(task) for task in tasks.values()] == [1, 1, 1]  # one user, one order, one user who buys again
    assert {row.n for row in first.rows} == {1}
    assert first == again
    assert (first.difference, first.margin) == (0, 0)  # one user tells nothing


def test_no_case_no_figures(evaluate: Evaluate) -> None:
    report, _ = evaluate({}, None, *TRAIN, E(0, "view", user=0, day=40))
    assert report.rows == []
    assert [note for note in report.notes if "no test case" in note] == [
        "for-you: no test case, so no figures",
        "also-bought: no test case, so no figures",
        "cross-sell: no test case, so no figures",
        "up-sell: no test case, so no figures",
        "buy-again: no test case, so no figures",
    ]
    assert (report.difference, report.margin, report.worse_than_best_sellers) == (0, 0, False)


def test_without_times_best_sellers_are_those_of_all_training(evaluate: Evaluate) -> None:
    rows = [E(item, user=user, day=None) for user in range(4) for item in range(user, 6)] * 3
    report, tasks = evaluate({}, None, *rows)
    assert "no times" in report.notes[0]
    assert all(not set(given) & set(relevant) for given, relevant in for_you(tasks).values())


def test_interval_and_p_must_agree_before_a_placement_is_said_to_lose(evaluate: Evaluate) -> None:
    before = [E(item, user=user, day=1) for item, users in ((0, (0, 1)), (3, (2, 3))) for user in users]
    after = [E(item, user=user, order=user, day=40) for user in range(4) for item in (0, 3)]
    report, _ = evaluate({}, None, *before, *after)
    assert report.worse_than_best_sellers
    assert report.warnings == []  # what four of four users share has p = 1/8


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "direction"),
    [(0.1, 0.2, 0.01, 1), (-0.2, -0.1, 0.01, -1), (-0.1, 0.1, 0.01, 0), (0.1, 0.2, 0.05, 0), (-0.2, -0.1, 0.2, 0)],
)
def test_which_way_a_comparison_points(low: float, high: float, p_holm: float, direction: int) -> None:
    one = Comparison("for-you", "a", "b", "ndcg", 10, (low + high) / 2, low, high, p_holm / 2, p_holm, 50)
    assert one.direction == direction


def test_report_is_json(evaluate: Evaluate) -> None:
    report, _ = evaluate({"u0": [2]})
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert record["rows"][0] == {
        "task": "for-you",
        "model": "alsobought",
        "metric": "recall",
        "k": 1,
        "value": 0.5,
        "low": 0.0,
        "high": 1.0,
        "n": 2,
    }
    assert record["split"]["counts"]["cold_items"] == 1
    assert [task["n"] for task in record["tasks"]] == [2, 2, 0, 0, 1]
    assert "cases" not in record
    assert record["gate_metric"] == "ndcg@2"
    assert json.loads(json.dumps(report.metrics))["for-you/alsobought/recall@1"] == 0.5


@pytest.mark.parametrize(
    ("difference", "margin", "worse"),
    [(-0.02, 0.01, True), (-0.01, 0.01, False), (-0.01, 0.02, False), (0.1, 0.0, False)],
)
def test_only_a_clear_loss_is_worse(difference: float, margin: float, worse: bool) -> None:
    assert EvaluationReport([], [], [], "ndcg@10", difference, margin).worse_than_best_sellers is worse


def test_similar_items_are_asked_about_relations(evaluate: Evaluate) -> None:
    # i5 is unknown to training, an item is not related to itself, and a pair counts once
    relations = np.array([[0, 1], [0, 2], [0, 1], [0, 5], [3, 3], [5, 0], [4, 0]], dtype=np.int32)
    report, tasks = evaluate({"i0": [2, 1], "i4": [1]}, relations=(relations[:, 0], relations[:, 1]))
    similar = tasks["similar-items"]
    assert (similar.ids, [similar.relevant.of(case).tolist() for case in range(2)]) == (["i0", "i4"], [[1, 2], [0]])
    assert figures(report, "similar-items", "alsobought", {"recall"}) == {"recall@1": 0.5, "recall@2": 0.5}
    # of the items other than i0, i1 is the best seller; of those other than i4, i0
    assert figures(report, "similar-items", "best sellers", {"recall"})["recall@1"] == 1


def test_a_split_that_leaks_is_refused(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = split_events

    def leaky(events: Any, config: Any) -> Any:
        split = cut(events, config)
        return replace(split, train=events)

    monkeypatch.setitem(globals(), "split_events", leaky)
    with pytest.raises(DataError, match="this is no time split"):
        evaluate({})


def test_k_beyond_the_catalogue(evaluate: Evaluate) -> None:
    config = make_config(evaluation={"test_days": 10, "k": [100]}, gate={"metric": "map@99"})
    report, _ = evaluate({"u0": [0, 1, 2, 3, 4, 5]}, config)
    assert figures(report, "for-you", "alsobought")["recall@100"] == 1 / 2
    assert report.comparisons


def test_only_cold_users(evaluate: Evaluate) -> None:
    """Users whom training never met are asked too, and counted."""
    train = [E(item, session=session, day=1) for session in range(3) for item in range(3)]
    test = [E(item, user=item, day=30) for item in range(3)]
    report, tasks = evaluate({"u0": [0]}, None, *train, *test)
    assert report.split is not None
    assert (report.split.counts.cold_users, report.split.counts.test_users) == (3, 3)
    assert tasks["for-you"].ids == ["u0", "u1", "u2"]
    assert {row.group for row in report.slices if row.by == "history"} == {"no history"}


def test_examples_name_what_was_asked_and_mark_hits(evaluate: Evaluate) -> None:
    report, _ = evaluate({"u0": [3, 2]})
    example = next(one for one in report.examples if one.asked_id == "u0")
    assert example.relevant == ["i2"]
    assert set(example.about) == {"i0", "i1"}
    assert [(item.item_id, item.hit) for item in example.slates["alsobought"]] == [("i3", False)]
