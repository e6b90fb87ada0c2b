"""Alternating least squares for implicit feedback."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from recommender.errors import ConfigError, DataError
from recommender.models.factor_model import FactorModel
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class ALS:
    """Weighted matrix factorisation of Hu, Koren, Volinsky (ICDM 2008), eq. 3.

    Minimises, over all pairs of users u and items i,
    sum c_ui (p_ui - x_u.y_i)^2 + regularization (sum |x_u|^2 + sum |y_i|^2), where an observed pair of value r_ui has
    p = 1 and c = unobserved_weight + alpha r_ui, and every other pair has p = 0 and c = unobserved_weight.

    Parameters
    ----------
    factors : int
        Length of a factor vector, F.
    regularization, alpha, unobserved_weight : float
    epochs : int
        Passes over users and items.
    threads : int, optional
        None takes OMP_NUM_THREADS, then the cores this process may use.
    seed : int
    """

    factors: int = 64
    regularization: float = 10.0
    alpha: float = 1.0
    unobserved_weight: float = 1.0
    epochs: int = 12
    threads: int | None = None
    seed: int = 0

    def fit(self, user_items: sp.csr_matrix, *, progress: Progress = silent) -> FactorModel:
        """Return the model of a matrix of shape (U, I) whose values are finite and not negative.

        Items without any value get zero factors. BLAS is held to one thread: the solver has its own.

        Raises
        ------
        DataError
            If a value is negative or not finite.
        ConfigError
            If the factors come out not finite.
        """
        from implicit.cpu.als import AlternatingLeastSquares
        from implicit.recommender_base import ModelFitError

        if not np.isfinite(user_items.data).all() or (user_items.data < 0).any():
            raise DataError("ALS: the user-item matrix has negative or non-finite values; weights must be 0 or above")
        # implicit's confidences are in units of the unobserved weight, an observed pair's is alpha r, not 1 + alpha r
        confidences = user_items.astype(np.float32)
        confidences.data = 1 + confidences.data * np.float32(self.alpha / self.unobserved_weight)
        with threadpool_limits(limits=1, user_api="blas"), suppress(ModelFitError):  # not finite: said below
            solver = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization / self.unobserved_weight,
                alpha=1.0,
                iterations=self.epochs,
                num_threads=self.threads or available_threads(),
                random_state=self.seed,
            )
            solver.fit(
                confidences,
                show_progress=False,
                callback=lambda epoch, *_: progress("fit als", epoch + 1, self.epochs),
            )
        item_factors = np.array(solver.item_factors, dtype=np.float32)
        if not np.isfinite(item_factors).all():
            raise ConfigError(
                f"ALS diverged within {self.epochs} epochs: raise models.als.regularization ({self.regularization})"
            )
        item_factors[user_items.getnnz(axis=0) == 0] = 0
        return FactorModel(item_factors, self.regularization, self.alpha, self.unobserved_weight)
