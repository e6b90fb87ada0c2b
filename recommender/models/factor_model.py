"""Item factors, and the factors of a user from a history: the half-step of ALS that serves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.errors import DataError
from recommender.kernels import aligned_zeros, has_native, native, padded, reference
from recommender.models.observed import observed_pairs
from recommender.models.threads import available_threads

ROWS_AT_ONCE = 65_536
"""Rows of the memory-mapped item factors that are turned into float64 at a time, in every worker of a server."""

FOLD_IN_STEPS = 256
FOLD_IN_TOLERANCE = 1e-6
"""The residual falls to this share, about what float32 can tell; most histories take fewer than twenty steps."""


@dataclass(frozen=True, slots=True)
class NormalEquations:
    """The least-squares problem that the history of one user poses to fixed item factors.

    Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008), eq. 4:
    (w0 Y'Y + regularization I + sum (c_i - w0) y_i y_i') x = sum c_i y_i, with c_i = w0 + alpha r_i.

    Attributes
    ----------
    shared : float64, shape (F,)
        The diagonal of w0 Y'Y + regularization I, which is no more than that.
    vectors : float64, shape (n, F)
        y_i of each item of the history.
    confidences, gains : float64, shape (n,)
        c_i and c_i - w0.
    """

    shared: NDArray[np.float64]
    vectors: NDArray[np.float64]
    confidences: NDArray[np.float64]
    gains: NDArray[np.float64]

    def contributions(self, item_factors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each item of the history adds to the score of each item, shape (k, n), of factors (k, F).

        The rows sum to the scores of `FactorModel.fold_in_one`: the solution is linear in terms c_i y_i (section 5).
        With D = `shared`, G = diag(`gains`), Y = `vectors` and V the factors, Y (D + Y'GY)^-1 V' is, by the identity of
        Sherman, Morrison and Woodbury, (I + Y D^-1 Y' G)^-1 Y D^-1 V': of the size of the history.
        """
        Y, V = self.vectors, item_factors.astype(np.float64)
        if len(Y) < len(self.shared) and self.shared.min() > 0:
            scaled = Y / self.shared
            system = np.eye(len(Y)) + (scaled @ Y.T) * self.gains
            products = np.linalg.solve(system, scaled @ V.T).T
        else:
            system = np.diag(self.shared) + (Y.T * self.gains) @ Y
            products = np.linalg.solve(system, V.T).T @ Y.T
        return np.asarray(products * self.confidences)


@dataclass(frozen=True)
class FactorModel:
    """Factors of the items; those of a user are a function of the history and are never stored.

    Attributes
    ----------
    item_factors : float32, shape (I, F)
        In the eigenbasis of their Gram matrix: their columns are orthogonal. Zero rows are items without factors.
    regularization, alpha, unobserved_weight, regularization_exponent : float
        As in `ALS`: the half-step that trained is the half-step that folds in.
    """

    item_factors: NDArray[np.float32]
    regularization: float
    alpha: float
    unobserved_weight: float
    regularization_exponent: float = 0.0

    @property
    def factors(self) -> int:
        """Length F of a factor vector."""
        return int(self.item_factors.shape[1])

    @cached_property
    def spectrum(self) -> NDArray[np.float64]:
        """The part of the normal equations that all users share, unobserved_weight * Y'Y, shape (F,): its diagonal."""
        squares = np.zeros(self.factors)
        for rows in range(0, len(self.item_factors), ROWS_AT_ONCE):
            squares += (self.item_factors[rows : rows + ROWS_AT_ONCE].astype(np.float64) ** 2).sum(axis=0)
        return self.unobserved_weight * squares

    def fold_in_one(self, items: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the factors, shape (F,), of a user with this history; zeros where no item of it has factors.

        Items are distinct and their values, both of shape (n,), above 0.

        Raises
        ------
        DataError
            If a number is not that of an item, or there are not as many values as items.
        """
        self._check(items, values)
        indptr = np.array([0, len(items)], dtype=np.int64)
        rows = self._solve(indptr, items, self._confidences(values), threads=1)
        return rows.reshape(self.factors)

    def fold_in(self, user_items: sp.csr_matrix | sp.csr_array, *, threads: int | None = None) -> NDArray[np.float32]:
        """Return the factors, shape (U, F), of all rows of a matrix of shape (U, I); `threads` as in `ALS`.

        Raises
        ------
        DataError
            As `ALS.fit`, or if the matrix has not one column for each item.
        """
        values = observed_pairs(user_items)
        if values.shape[1] != len(self.item_factors):
            raise DataError(f"fold_in: a matrix of shape {values.shape} for a model of {len(self.item_factors)} items")
        indptr = values.indptr.astype(np.int64, copy=False)
        confidences = self._confidences(values.data)
        return self._solve(indptr, values.indices, confidences, threads=threads or available_threads())

    def scores(self, user_factors: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the inner products, shape (n,), of a user's factors, shape (F,), with those of some items."""
        if not has_native():
            return self.item_factors[items] @ user_factors
        item_factors, _ = self._solvable
        return native.row_products(item_factors, padded(user_factors[None, :])[0], items)

    def normal_equations(self, items: NDArray[np.int32], values: NDArray[np.float32]) -> NormalEquations:
        """Return what a history of items and their values, each of shape (n,), says of its user; see `fold_in_one`."""
        self._check(items, values)
        Y = self.item_factors[items].astype(np.float64)
        confidences = self._confidences(values).astype(np.float64)
        indptr = np.array([0, len(items)], dtype=np.int64)
        shared = self.spectrum + self._regularizations(indptr, confidences)[0]
        return NormalEquations(shared, Y, confidences, confidences - self.unobserved_weight)

    def _check(self, items: NDArray[np.integer], values: NDArray[np.floating]) -> None:
        """Refuse what is no history of these items."""
        if items.ndim != 1 or items.shape != values.shape:
            raise DataError(f"a history of items of shape {items.shape} with values of shape {values.shape}")
        if len(items) and (items.dtype.kind not in "iu" or items.astype(np.uint64).max() >= len(self.item_factors)):
            raise DataError(f"a history with a number that is not that of one of {len(self.item_factors)} items")

    def _confidences(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        return (self.unobserved_weight + self.alpha * values).astype(np.float32)

    def _regularizations(self, indptr: NDArray[np.int64], confidences: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the regularization of each row, shape (U,)."""
        weights = (self.regularization, self.regularization_exponent, self.unobserved_weight)
        return regularizations_of(indptr, confidences, len(self.item_factors), *weights)

    @cached_property
    def _solvable(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Item factors and spectrum as the native kernels take them; factors of a fitting width are not copied."""
        spectrum = padded(self.spectrum[None, :].astype(np.float32))[0]
        return padded(self.item_factors), spectrum

    def _solve(
        self,
        indptr: NDArray[np.int64],
        indices: NDArray[np.int32],
        confidences: NDArray[np.float32],
        *,
        threads: int,
    ) -> NDArray[np.float32]:
        n = len(indptr) - 1
        regularizations = self._regularizations(indptr, confidences)
        if not has_native():
            matrix = sp.csr_matrix((confidences, indices, indptr), shape=(n, len(self.item_factors)))
            with threadpool_limits(limits=1, user_api="blas"):  # the systems are too small to share among threads
                exact = reference.solve_rows(matrix, self.item_factors, regularizations, self.unobserved_weight)
            return exact.astype(np.float32)
        item_factors, spectrum = self._solvable
        solutions = aligned_zeros(n, item_factors.shape[1])
        problem = native.RowProblem(
            indptr=indptr,
            indices=np.ascontiguousarray(indices, dtype=np.int32),
            confidences=confidences,
            confidence=0.0,
            factors=item_factors,
            spectrum=spectrum,
            regularizations=regularizations.astype(np.float32),
            unobserved_weight=self.unobserved_weight,
        )
        order = np.arange(n, dtype=np.int64)
        problem.solve(order, solutions, steps=FOLD_IN_STEPS, tolerance=FOLD_IN_TOLERANCE, threads=threads)
        return solutions[:, : self.factors]


def regularizations_of(
    indptr: NDArray[np.integer],
    confidences: NDArray[np.floating],
    n_columns: int,
    regularization: float,
    exponent: float,
    unobserved_weight: float,
) -> NDArray[np.float64]:
    """Return regularization * (sum of the confidences of all columns)^exponent of each row of a CSR matrix, shape (N,).

    The columns that are not observed count with `unobserved_weight` each.
    """
    lengths = np.diff(indptr)
    if exponent == 0:
        return np.full(len(lengths), regularization)
    sums = np.concatenate([[0.0], np.cumsum(confidences, dtype=np.float64)])
    observed = sums[indptr[1:]] - sums[indptr[:-1]]
    return np.asarray(regularization * (observed + unobserved_weight * (n_columns - lengths)) ** exponent)
