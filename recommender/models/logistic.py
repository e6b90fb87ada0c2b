"""Logistic regression with a prior on its weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 50
TOLERANCE = 1e-8


def fit_logistic(features: Floats, happened: NDArray[np.bool_], prior: Floats, precision: Floats) -> Floats:
    """Return the weights that are most probable given cases and a normal prior, by Newton's method.

    Maximises sum_n ln P(happened_n) - 1/2 sum_f precision_f (weight_f - prior_f)^2 with P = 1 / (1 + exp(-x'w)):
    penalised maximum likelihood (Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, section 4.4).
    Without cases the weights are those of the prior.

    Parameters
    ----------
    features : float64, shape (N, F)
    happened : bool, shape (N,)
    prior, precision : float64, shape (F,)
        Means and inverse variances of the weights; precisions above 0.
    """
    weights = prior.copy()
    value = _objective(features, happened, weights, prior, precision)
    for _ in range(MOST_STEPS):
        probability = probabilities(features, weights)
        gradient = features.T @ (happened - probability) - precision * (weights - prior)
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while length > TOLERANCE:
            tried = weights + length * step
            reached = _objective(features, happened, tried, prior, precision)
            if reached >= value:
                break
            length /= 2
        else:
            return weights
        gained, weights, value = reached - value, tried, reached
        if gained <= TOLERANCE * abs(value):
            return weights
    return weights


def probabilities(features: Floats, weights: Floats) -> Floats:
    """Return 1 / (1 + exp(-x'w)) of each row, shape (N,)."""
    return np.asarray(1 / (1 + np.exp(-np.clip(features @ weights, -35, 35))))


def _objective(
    features: Floats, happened: NDArray[np.bool_], weights: Floats, prior: Floats, precision: Floats
) -> float:
    logits = features @ weights
    likelihood = -np.logaddexp(0, np.where(happened, -logits, logits)).sum()
    return float(likelihood - 0.5 * (precision * (weights - prior) ** 2).sum())
