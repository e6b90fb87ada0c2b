"""What the native kernels compute, in plain NumPy and float64: their specification, and what tests hold them to.

Users and items can change places in all of it.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def solve_rows(
    confidences: sp.csr_matrix, item_factors: NDArray[np.floating], regularizations: Matrix, unobserved_weight: float
) -> Matrix:
    """Return the exact half-step: factors, shape (U, F), of all rows of `confidences`, shape (U, I).

    Hu, Koren, Volinsky (ICDM 2008), eq. 4, with a regularization per row, shape (U,):
    (w0 Y'Y + reg_u I + sum_i (c_i - w0) y_i y_i') x_u = sum_i c_i y_i. Rows without entries are zero.
    """
    Y = item_factors.astype(np.float64)
    shared = unobserved_weight * (Y.T @ Y)
    solutions = np.zeros((confidences.shape[0], Y.shape[1]))
    for u, (start, end) in enumerate(zip(confidences.indptr[:-1], confidences.indptr[1:], strict=True)):
        if start == end:
            continue
        rows = Y[confidences.indices[start:end]]
        c = confidences.data[start:end].astype(np.float64)
        system = shared + regularizations[u] * np.eye(Y.shape[1]) + (rows * (c - unobserved_weight)[:, None]).T @ rows
        solutions[u] = np.linalg.solve(system, c @ rows)
    return solutions


def loss(
    confidences: sp.csr_matrix,
    user_factors: NDArray[np.floating],
    item_factors: NDArray[np.floating],
    user_regularizations: Matrix,
    item_regularizations: Matrix,
    unobserved_weight: float,
) -> float:
    """Return sum_observed c (1 - x.y)^2 + w0 sum_unobserved (x.y)^2 + sum_u reg_u |x_u|^2 + sum_i reg_i |y_i|^2."""
    X, Y = user_factors.astype(np.float64), item_factors.astype(np.float64)
    scores = X @ Y.T
    c = confidences.toarray().astype(np.float64)
    observed = np.zeros(scores.shape, dtype=bool)
    observed[confidences.nonzero()] = True
    fit = np.where(observed, c * (1 - scores) ** 2, unobserved_weight * scores**2).sum()
    return float(fit + user_regularizations @ (X**2).sum(axis=1) + item_regularizations @ (Y**2).sum(axis=1))


def row_products(factors: NDArray[np.floating], vector: NDArray[np.floating], rows: NDArray[np.int32]) -> Matrix:
    """Return the inner products of some rows, shape (n,), of factors, shape (I, F), with a vector, shape (F,)."""
    return np.asarray(factors[rows].astype(np.float64) @ vector.astype(np.float64))


def search(
    item_factors: NDArray[np.floating], query: NDArray[np.floating], k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int32], Matrix]:
    """Return the `k` items, of those a mask of shape (I,) allows, with the largest inner products, and these.

    Best first; of equal scores the smaller item comes first; fewer where there are no more.
    """
    scores = item_factors.astype(np.float64) @ query.astype(np.float64)
    items = np.arange(len(scores)) if allowed is None else np.flatnonzero(allowed)
    best = items[np.argsort(-scores[items], kind="stable")[:k]]
    return best.astype(np.int32), scores[best]
