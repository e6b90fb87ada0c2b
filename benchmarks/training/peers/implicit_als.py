"""implicit's ALS, by conjugate gradients or by Cholesky. It knows exponent 0 only."""

from __future__ import annotations

import scipy.sparse as sp
from contract import Fitted, Request
from implicit.cpu.als import AlternatingLeastSquares

PACKAGES = ("implicit", "numpy", "scipy")


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit AlternatingLeastSquares.

    It counts in units of the unobserved weight w, and an observed pair's confidence is alpha r: for r = 1 alpha is
    1 + 1 / w and the regularization is divided by w. Other values are put into the matrix.
    """
    weight = asked.unobserved_weight
    equal = bool((matrix.data == 1).all())
    confidences = matrix
    if not equal:
        confidences = matrix.copy()
        confidences.data = 1 + confidences.data / weight
    model = AlternatingLeastSquares(
        factors=asked.factors,
        regularization=asked.regularization / weight,
        alpha=1 + 1 / weight if equal else 1.0,
        iterations=asked.epochs,
        use_cg=asked.solver == "cg",
        num_threads=asked.threads,
        random_state=asked.seed,
    )
    epochs: list[float] = []
    model.fit(confidences, show_progress=False, callback=lambda _, seconds, __: epochs.append(seconds))
    return Fitted(model.item_factors, model.user_factors, epochs)
