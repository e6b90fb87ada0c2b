"""From scores to chances: how often items with such a score were right on a holdout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

ChanceCurve = list[tuple[float, float]]
"""Scores, ascending, and the chance that goes with each; between two of them chances lie on a line."""

MOST_GROUPS = 100
PER_GROUP = 100
"""Fewest scores that a rate is taken of: of fewer it is mostly noise."""


def fit_curve(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> ChanceCurve:
    """Return the rising curve that fits best how often scores, shape (n,), were right.

    Scores are put in order and cut into groups of about equal size, whose rates are made to rise by isotonic regression
    (Zadrozny and Elkan, KDD 2002, section 3.2; pool adjacent violators).
    """
    order = np.argsort(scores, kind="stable")
    groups = np.array_split(order, int(np.clip(len(order) // PER_GROUP, 1, MOST_GROUPS)))
    means = np.array([scores[group].mean() for group in groups], dtype=np.float64)
    rates = np.array([right[group].mean() for group in groups])
    rising = isotonic_regression(rates, weights=[len(group) for group in groups]).x
    places, first = np.unique(means, return_index=True)
    return list(zip(places.tolist(), rising[first].tolist(), strict=True))


def chances(curve: ChanceCurve, scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the chance of each score, shape (n,); beyond its ends the curve stays as it is there."""
    at, chance = np.array(curve).T
    return np.asarray(np.interp(scores, at, chance))
