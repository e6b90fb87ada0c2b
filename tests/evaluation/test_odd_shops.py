"""Shops that lack something: the evaluation says less, and breaks on nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from recommender.errors import DataError
from recommender.evaluation import EvaluationReport
from recommender.evaluation.html import render

if TYPE_CHECKING:
    from tests.evaluation.conftest import Shop

Evaluated = Callable[..., EvaluationReport]


def names(report: EvaluationReport) -> set[str]:
    return {row.metric for row in report.rows}


def test_everything_there(odd_report: EvaluationReport) -> None:
    assert {"revenue", "diversity", "popularity", "novelty", "fallback", "gini"} <= names(odd_report)
    assert odd_report.tasks[0].asked == "all purchases"
    assert {row.group for row in odd_report.slices if row.by == "category"} == {"<script", "B & C"}  # ">" parts a path
    json.dumps(odd_report.to_dict(), allow_nan=False)


def test_no_catalogue_no_prices_no_categories(odd_shop: Shop, evaluated: Evaluated) -> None:
    report = evaluated(odd_shop[0])
    assert not names(report) & {"revenue", "diversity"}
    assert not [row for row in report.slices if row.by == "category"]
    json.dumps(report.to_dict(), allow_nan=False)
    assert render(report)


def test_prices_of_the_events_do_where_the_catalogue_has_none(odd_shop: Shop, evaluated: Evaluated) -> None:
    events = odd_shop[0].assign(price=3.0)
    report = evaluated(events, evaluation={"test_days": 15, "k": [3]})
    found = report.metrics
    for task in ("for-you", "also-bought"):  # all cost the same, so money counts as hits do
        revenue, recall = (found[f"{task}/alsobought/{name}@3"] for name in ("revenue", "recall"))
        assert revenue == pytest.approx(recall)


def test_no_times(odd_shop: Shop, evaluated: Evaluated) -> None:
    report = evaluated(odd_shop[0].drop(columns="timestamp"), odd_shop[1])
    assert report.split is not None
    assert report.split.kind == "random"
    assert "no times" in report.notes[0]
    assert report.rows


def test_no_users(odd_shop: Shop, evaluated: Evaluated) -> None:
    report = evaluated(odd_shop[0].drop(columns="user_id"), odd_shop[1])
    assert {row.task for row in report.rows} == {"also-bought"}
    assert report.notes[2] == "for-you: no test case, so no figures"
    assert "for-you" in render(report)


def test_an_empty_test_side(odd_shop: Shop, evaluated: Evaluated) -> None:
    with pytest.raises(DataError, match="leaves a side empty"):
        evaluated(*odd_shop, evaluation={"test_days": 1000})


@pytest.mark.parametrize("split", ["leave_last_order_out", "leave_last_item_out", "random"])
def test_other_splits(odd_shop: Shop, evaluated: Evaluated, split: str) -> None:
    report = evaluated(*odd_shop, evaluation={"split": split})
    assert report.split is not None
    assert report.split.kind == split
    assert any(row.task == "for-you" for row in report.rows)


def test_a_single_user_gets_figures_and_no_comparison(odd_shop: Shop, evaluated: Evaluated) -> None:
    events = odd_shop[0]
    last = events["timestamp"] > events["timestamp"].max() - pd.Timedelta(days=15)
    report = evaluated(events[~last | (events["user_id"] == "&amp;")], odd_shop[1])
    for_you = [row for row in report.rows if row.task == "for-you"]
    assert {row.n for row in for_you} == {1}
    assert not [one for one in report.comparisons if one.task == "for-you"]
    assert (report.difference, report.margin) == (0, 0)
    assert render(report)
