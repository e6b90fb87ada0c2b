"""ALS by the native kernels: every half-step in coordinates in which all that users share is diagonal.

Predictions do not change when user factors are multiplied by a matrix and item factors by its inverse. So before each
half-step the fixed side is moved to where the part of the normal equations that all rows share,
M = unobserved_weight * Y'Y + regularization * penalty, costs nothing:

- One regularization for all rows: by L^-1 with M = L L', after which M is the identity. A triangular product costs half
  of a full one. The squared length that the loss punishes becomes x' penalty x, with a penalty matrix per side.
- A regularization per row: by the eigenvectors of Y'Y. Lengths stay, so the penalties stay identities.

What remains per row is its own few columns: `kernels`' RowProblem.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.errors import ConfigError
from recommender.kernels import aligned_zeros, native, padded_width

Square = NDArray[np.float64]

ROWS_AT_ONCE = 8192
ENOUGH = 1e-6
"""A row is solved once its residual has fallen to this share, be there steps left or not: one column takes one step."""


@dataclass(slots=True)
class Side:
    """Users or items: what was observed of each row, and its factors in the present coordinates.

    Attributes
    ----------
    observed : dict
        Arguments of RowProblem that stay the same: indptr, indices, confidences.
    order : int64, shape (N,)
        Rows with most entries first, so that no thread is left with a long one at the end.
    factors : float32, shape (N, W)
    regularizations : float32, shape (N,)
    penalty : float64, shape (W, W)
        The loss punishes regularization * factors' penalty factors.
    """

    observed: dict[str, Any]
    order: NDArray[np.int64]
    factors: NDArray[np.float32]
    regularizations: NDArray[np.float32]
    penalty: Square


@dataclass(frozen=True, slots=True)
class Settings:
    """What the solver needs to know; `regularizations` are one per user, shape (U,), and one per item, shape (I,)."""

    unobserved_weight: float
    user_regularizations: NDArray[np.float64]
    item_regularizations: NDArray[np.float64]
    steps: int
    epochs: int
    threads: int

    @property
    def uniform(self) -> bool:
        """Whether all rows of both sides share one regularization."""
        all_rows = np.concatenate([self.user_regularizations, self.item_regularizations])
        return bool((all_rows == all_rows[:1]).all())


def factorise(
    confidences: sp.csr_matrix,
    start: NDArray[np.float32],
    settings: Settings,
    after_epoch: Callable[[int, Callable[[], float]], bool],
) -> NDArray[np.float32]:
    """Return item factors, shape (I, F), in the eigenbasis of their Gram matrix, largest eigenvalue first.

    Parameters
    ----------
    confidences : shape (U, I)
        Of the observed pairs, in canonical CSR.
    start : float32, shape (I, F)
        Item factors to start from.
    after_epoch
        Called with the number of epochs done and a function that computes the loss; True ends the training.

    Raises
    ------
    ConfigError
        If the factors stop being finite; the message names the epoch.
    """
    n_users, n_items = confidences.shape
    width = padded_width(start.shape[1])
    users = _side(confidences, width, settings.user_regularizations)
    items = _side(confidences.T.tocsr(), width, settings.item_regularizations)
    items.factors[:, : start.shape[1]] = start
    items.factors[np.diff(items.observed["indptr"]) == 0] = 0
    change = _whiten if settings.uniform and n_users and n_items else _rotate
    native.load_blas()  # what is loaded later, the limit would not reach
    with threadpool_limits(limits=1, user_api="blas"):  # the kernels have threads of their own
        for epoch in range(1, settings.epochs + 1):
            for solved, fixed in ((users, items), (items, users)):
                problem = change(solved, fixed, _finite_gram(fixed.factors, epoch, settings.threads), settings)
                problem.solve(
                    solved.order, solved.factors, steps=settings.steps, tolerance=ENOUGH, threads=settings.threads
                )
            if after_epoch(epoch, lambda: _loss(users, items, settings)):
                break
        gram = _finite_gram(items.factors, epoch, settings.threads)
        return _canonical(items, gram, start.shape[1], settings.threads)


def _side(confidences: sp.csr_matrix, width: int, regularizations: NDArray[np.float64]) -> Side:
    data = confidences.data.astype(np.float32, copy=False)
    equal = len(data) == 0 or bool((data == data[0]).all())
    n = confidences.shape[0]
    return Side(
        observed={
            "indptr": confidences.indptr.astype(np.int64),
            "indices": confidences.indices.astype(np.int32, copy=False),
            "confidences": None if equal else data,
            "confidence": float(data[0]) if equal and len(data) else 0.0,
        },
        order=np.argsort(-np.diff(confidences.indptr), kind="stable").astype(np.int64),
        factors=aligned_zeros(n, width),
        regularizations=regularizations.astype(np.float32),
        penalty=np.eye(width),
    )


def _whiten(solved: Side, fixed: Side, gram: Square, settings: Settings) -> Any:
    """Move both sides to where the shared part of the normal equations is the identity; return the problem."""
    regularization = float(settings.user_regularizations[0])
    lower = _lower_root(settings.unobserved_weight * gram + regularization * solved.penalty)
    inverse = np.linalg.inv(lower)
    native.multiply_by_triangle(fixed.factors, inverse.astype(np.float32), threads=settings.threads)
    solved.penalty = inverse @ solved.penalty @ inverse.T
    fixed.penalty = lower.T @ fixed.penalty @ lower
    return _problem(solved, fixed.factors, settings)


def _lower_root(matrix: Square) -> Square:
    """Return L, lower triangular, with matrix = L L'.

    A regularization that is next to nothing beside the factors leaves eigenvalues that the float32 of a Gram matrix can
    round to 0 or below; they are lifted to what it can tell from 0.
    """
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        eigenvalues, vectors = np.linalg.eigh(matrix)
        lifted = np.maximum(eigenvalues, np.finfo(np.float32).eps * eigenvalues[-1])
        upper: Square = np.linalg.qr((vectors * np.sqrt(lifted)).T)[1]
        return upper.T


def _rotate(solved: Side, fixed: Side, gram: Square, settings: Settings) -> Any:
    """Move the fixed side to the eigenvectors of its Gram matrix; return the problem."""
    eigenvalues, vectors = np.linalg.eigh(gram)
    native.multiply(fixed.factors, vectors.astype(np.float32), threads=settings.threads)
    spectrum = settings.unobserved_weight * np.maximum(eigenvalues, 0)
    return _problem(solved, fixed.factors, settings, spectrum.astype(np.float32))


def _problem(
    solved: Side, factors: NDArray[np.float32], settings: Settings, spectrum: NDArray[np.float32] | None = None
) -> Any:
    """Return the rows of one side to solve; without a spectrum the shared part of their equations is the identity."""
    return native.RowProblem(
        **solved.observed,
        factors=factors,
        spectrum=spectrum,
        regularizations=None if spectrum is None else solved.regularizations,
        unobserved_weight=settings.unobserved_weight,
    )


def _gram(factors: NDArray[np.float32], threads: int) -> Square:
    """Return factors' factors: blocks of float32, summed in float64 and in their order, whatever the threads."""
    blocks = [factors[first : first + ROWS_AT_ONCE] for first in range(0, len(factors), ROWS_AT_ONCE)]
    gram = np.zeros((factors.shape[1], factors.shape[1]))
    with ThreadPoolExecutor(threads) as pool:
        for part in pool.map(lambda block: block.T @ block, blocks) if threads > 1 else (b.T @ b for b in blocks):
            gram += part
    return gram


def _finite_gram(factors: NDArray[np.float32], epoch: int, threads: int) -> Square:
    gram = _gram(factors, threads)
    if not np.isfinite(gram).all():
        raise ConfigError(f"ALS diverged in epoch {epoch}: raise models.als.regularization, or lower the event weights")
    return gram


def _loss(users: Side, items: Side, settings: Settings) -> float:
    """Return the loss of both sides as they stand: the sum over all pairs is a trace of Gram matrices."""
    user_gram, item_gram = (_gram(side.factors, settings.threads) for side in (users, items))
    problem = _problem(items, users.factors, settings)
    loss: float = problem.observed_loss(items.factors, threads=settings.threads)
    loss += settings.unobserved_weight * float((user_gram * item_gram).sum())
    for side, gram in ((users, user_gram), (items, item_gram)):
        if settings.uniform:
            loss += float(settings.user_regularizations[0]) * float((side.penalty * gram).sum())
        else:
            lengths = np.einsum("nf,nf->n", side.factors, side.factors, dtype=np.float64)
            loss += float(side.regularizations @ lengths)
    return loss


def _canonical(items: Side, gram: Square, factors: int, threads: int) -> NDArray[np.float32]:
    """Return item factors in coordinates whose squared length the loss punishes, and whose Gram matrix is diagonal."""
    root = _lower_root(items.penalty)
    vectors = np.linalg.eigh(root.T @ gram @ root)[1][:, ::-1]
    native.multiply(items.factors, (root @ vectors).astype(np.float32), threads=threads)
    return np.ascontiguousarray(items.factors[:, :factors])
