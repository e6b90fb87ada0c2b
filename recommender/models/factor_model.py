"""Item factors, and the factors of a user from a history: the half-step of ALS that serves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

ROWS_AT_ONCE = 65_536
"""Rows of the memory-mapped item factors that are turned into float64 at a time, in every worker of a server."""


@dataclass(frozen=True, slots=True)
class NormalEquations:
    """The least-squares problem that the history of one user poses to fixed item factors.

    Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008), eq. 4:
    (w0 Y'Y + regularization I + sum (c_i - w0) y_i y_i') x = sum c_i y_i, with c_i = w0 + alpha r_i.

    Attributes
    ----------
    system : float64, shape (F, F)
        The matrix on the left.
    terms : float64, shape (n, F)
        c_i y_i of each item of the history.
    """

    system: NDArray[np.float64]
    terms: NDArray[np.float64]

    def user_factors(self) -> NDArray[np.float32]:
        """Return the solution x, shape (F,); zeros where no item of the history has factors."""
        return np.linalg.solve(self.system, self.terms.sum(axis=0)).astype(np.float32)

    def contributions(self, item_factors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each item of the history adds to the score of each item, shape (k, n), of factors (k, F).

        The rows sum to the scores of `user_factors`, exactly: the solution is linear in the terms (section 5).
        """
        return np.asarray(np.linalg.solve(self.system, item_factors.T.astype(np.float64)).T @ self.terms.T)


@dataclass(frozen=True)
class FactorModel:
    """Factors of the items; those of a user are a function of the history and are never stored.

    Attributes
    ----------
    item_factors : float32, shape (I, F)
        Zero rows are items without factors.
    regularization, alpha, unobserved_weight : float
        As in `ALS`: the half-step that trained is the half-step that folds in.
    """

    item_factors: NDArray[np.float32]
    regularization: float
    alpha: float
    unobserved_weight: float

    @property
    def factors(self) -> int:
        """Length F of a factor vector."""
        return int(self.item_factors.shape[1])

    @cached_property
    def gram(self) -> NDArray[np.float64]:
        """The part of the normal equations that all users share, shape (F, F): w0 Y'Y + regularization I."""
        products = np.zeros((self.factors, self.factors))
        for rows in range(0, len(self.item_factors), ROWS_AT_ONCE):
            Y = self.item_factors[rows : rows + ROWS_AT_ONCE].astype(np.float64)
            products += Y.T @ Y
        return self.unobserved_weight * products + self.regularization * np.eye(self.factors)

    def fold_in_one(self, items: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the factors, shape (F,), of a user with this history; zeros where no item of it has factors."""
        return self.normal_equations(items, values).user_factors()

    def normal_equations(self, items: NDArray[np.int32], values: NDArray[np.float32]) -> NormalEquations:
        """Return what a history of items and their values, each of shape (n,), says of its user."""
        Y = self.item_factors[items].astype(np.float64)
        gain = self.alpha * values.astype(np.float64)
        system = self.gram + (Y * gain[:, None]).T @ Y
        return NormalEquations(system, Y * (self.unobserved_weight + gain)[:, None])

    def fold_in(self, user_items: sp.csr_matrix) -> NDArray[np.float32]:
        """Return the factors, shape (U, F), of all rows of a matrix of shape (U, I)."""
        windows = list(zip(user_items.indptr[:-1], user_items.indptr[1:], strict=True))
        with threadpool_limits(limits=1, user_api="blas"):  # the systems are too small to share among threads
            rows = [self.fold_in_one(user_items.indices[a:b], user_items.data[a:b]) for a, b in windows]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.factors)
