"""Chances of the toy shop's scores, measured on cases that their curve has not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.evaluation import EvaluationReport
from recommender.models import chances
from recommender.placements import Query, choose, recommend


def test_every_source_that_is_often_right_has_a_curve(toy_report: EvaluationReport) -> None:
    keys = {one.key for one in toy_report.calibrations}
    assert "for-you/blend" in keys
    assert any(key.startswith("also-bought/") for key in keys)
    for one in toy_report.calibrations:
        assert sum(group.n for group in one.reliability) == one.n
        came_true = sum(group.observed * group.n for group in one.reliability) / one.n
        assert came_true == pytest.approx(one.base_rate)
        assert chances(one.curve, np.array([-1.0, 2.0])).tolist() == [one.curve[0][1], one.curve[-1][1]]


def test_chances_of_for_you_beat_one_chance_for_all(toy_report: EvaluationReport) -> None:
    (one,) = [one for one in toy_report.calibrations if one.key == "for-you/blend"]
    assert one.brier < one.brier_of_base_rate
    for group in one.reliability[:-1]:
        assert abs(group.forecast - group.observed) < 4 * np.sqrt(group.forecast / group.n) + 0.01


def test_slates_show_chances_where_there_is_a_curve(toy_bundle: Bundle) -> None:
    query = Query("for-you", k=5, user_id="u0042")
    raw = [one.score for one in choose(toy_bundle, query).filled.chosen]
    curve = [(0.0, 0.01), (1.0, 0.11)]
    for curves, shown in (({"for-you/blend": curve}, [0.01 + 0.1 * score for score in raw]), ({}, raw)):
        manifest = toy_bundle.manifest.model_copy(update={"calibrations": curves})
        slate = recommend(replace(toy_bundle, manifest=manifest), query)
        assert [item["score"] for item in slate.items] == [round(score, 4) for score in shown]
