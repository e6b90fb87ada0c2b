"""This project's ALS, with two steps of conjugate gradients per row; user factors are folded in on their own clock."""

from __future__ import annotations

import scipy.sparse as sp
from contract import Fitted, Request
from stopwatch import Stopwatch

from recommender import ALS

PACKAGES = ("alsobought", "numpy", "scipy")


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit ALS. Its terms are the contract's."""
    estimator = ALS(
        factors=asked.factors,
        regularization=asked.regularization,
        regularization_exponent=asked.exponent,
        alpha=1.0,
        unobserved_weight=asked.unobserved_weight,
        epochs=asked.epochs,
        steps=2,
        threads=asked.threads,
        seed=asked.seed,
    )
    epochs = Stopwatch()
    model = estimator.fit(matrix, progress=epochs)
    return Fitted(model.item_factors, model.fold_in, epochs.seconds)
