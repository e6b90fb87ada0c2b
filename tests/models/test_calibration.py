"""Scores to chances: by hand, and on planted chances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.models import calibration as module
from recommender.models import chances, fit_curve


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PER_GROUP", 2)
    scores = np.array([0.1, 0.3, 0.5, 0.7, 0.8, 1.0])
    right = np.array([False, True, False, False, True, True])  # rates 1/2, 0, 1: the first two pool to 1/4
    curve = fit_curve(scores, right)
    np.testing.assert_allclose(curve, [(0.2, 0.25), (0.6, 0.25), (0.9, 1.0)])
    np.testing.assert_allclose(chances(curve, np.array([0.0, 0.6, 0.75, 2.0])), [0.25, 0.25, 0.625, 1.0])


def test_planted_chances_are_found() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(60_000)
    truth = 0.02 + 0.3 * scores**2
    curve = fit_curve(scores, rng.random(len(scores)) < truth)
    assert np.abs(chances(curve, scores) - truth).mean() < 0.01


def test_few_scores_give_one_chance() -> None:
    curve = fit_curve(np.array([0.2, 0.4]), np.array([True, False]))
    assert chances(curve, np.array([0.0, 0.3, 1.0])).tolist() == [0.5, 0.5, 0.5]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=300),
    st.lists(st.floats(-1, 2), min_size=2),
)
def test_a_larger_score_never_has_a_smaller_chance(pairs: list[tuple[float, bool]], asked: list[float]) -> None:
    scores, right = np.array([score for score, _ in pairs]), np.array([right for _, right in pairs])
    found = chances(fit_curve(scores, right), np.sort(asked))
    assert (np.diff(found) >= 0).all()
    assert 0 <= found.min() <= found.max() <= 1
