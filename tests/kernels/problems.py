"""Random half-steps for the kernels, in the coordinates they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.kernels import native, reference

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Rows to solve while `factors`, shape (I, W) and in the eigenbasis of their Gram matrix, stay.

    `equal` is handed over where all confidences are the same, instead of one per pair.
    """

    confidences: sp.csr_matrix
    equal: float | None
    factors: NDArray[np.float32]
    regularizations: NDArray[np.float32]
    unobserved_weight: float

    @property
    def gram(self) -> Matrix:
        Y = self.factors.astype(np.float64)
        return Y.T @ Y

    def native(self, processor: str | None = None, **changes: Any) -> Any:
        arguments = {
            "indptr": self.confidences.indptr.astype(np.int64),
            "indices": self.confidences.indices.astype(np.int32),
            "confidences": self.confidences.data if self.equal is None else None,
            "confidence": self.equal or 0.0,
            "factors": self.factors,
            "spectrum": (self.unobserved_weight * np.diag(self.gram)).astype(np.float32),
            "regularizations": self.regularizations,
            "unobserved_weight": self.unobserved_weight,
            "processor": processor,
        }
        return native.RowProblem(**{**arguments, **changes})

    def solved(self, processor: str | None = None, *, steps: int, threads: int = 1) -> NDArray[np.float32]:
        """Factors of all rows, from zero."""
        found = self.unsolved()
        self.native(processor).solve(self.order, found, steps=steps, tolerance=0.0, threads=threads)
        return found

    def unsolved(self, value: float = np.nan) -> NDArray[np.float32]:
        return np.full((self.confidences.shape[0], self.factors.shape[1]), value, dtype=np.float32)

    @property
    def order(self) -> NDArray[np.int64]:
        return np.arange(self.confidences.shape[0], dtype=np.int64)[::-1].copy()

    def exact(self) -> Matrix:
        return reference.solve_rows(self.confidences, self.factors, self.regularizations, self.unobserved_weight)

    def objectives(self, solutions: NDArray[np.floating]) -> Matrix:
        """What each row adds to the loss, shape (U,)."""
        X = solutions.astype(np.float64)
        scores = X @ self.factors.astype(np.float64).T
        c = self.confidences.toarray().astype(np.float64)
        fit = np.where(c > 0, c * (1 - scores) ** 2, self.unobserved_weight * scores**2).sum(axis=1)
        return np.asarray(fit + self.regularizations * (X**2).sum(axis=1))


def random_problem(
    rng: np.random.Generator,
    *,
    lengths: list[int],
    columns: int,
    width: int,
    equal: float | None = None,
    confidences: tuple[float, float] = (0.5, 20.0),
    unobserved_weight: float = 0.3,
) -> Problem:
    """Rows with so many observed columns each, factors as trained ones: a few large directions, many small ones."""
    indptr = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    indices = [np.sort(rng.choice(columns, length, replace=False)) for length in lengths]
    low, high = confidences
    data = rng.uniform(low, high, indptr[-1]) if equal is None else np.full(indptr[-1], equal)
    matrix = sp.csr_matrix(
        (data.astype(np.float32), np.concatenate([*indices, []]).astype(np.int32), indptr),
        shape=(len(lengths), columns),
    )
    Y = rng.normal(0, 1, (columns, width)) / np.sqrt(1 + np.arange(width))
    factors = (Y @ np.linalg.eigh(Y.T @ Y)[1] * 0.3).astype(np.float32)
    regularizations = rng.uniform(0.5, 5, len(lengths)).astype(np.float32)
    return Problem(matrix, equal, factors, regularizations, unobserved_weight)
