"""Alternating least squares for implicit feedback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.errors import ConfigError
from recommender.kernels import MISSING, has_native
from recommender.models import als_implicit, als_native
from recommender.models.als_weights import Weights, weights_of
from recommender.models.factor_model import FactorModel, regularizations_of
from recommender.models.observed import observed_pairs
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

log = logging.getLogger(__name__)

Solver = Literal["auto", "native", "implicit"]


@dataclass(frozen=True, slots=True)
class ALS:
    """Weighted matrix factorisation of Hu, Koren, Volinsky (ICDM 2008), eq. 3.

    Minimises, over all pairs of users u and items i, ::

        sum c_ui (p_ui - x_u.y_i)^2 + sum reg_u |x_u|^2 + sum reg_i |y_i|^2

    where an observed pair of value r_ui has p = 1 and c = unobserved_weight + alpha r_ui, and every other pair has
    p = 0 and c = unobserved_weight.

    Parameters
    ----------
    factors : int
        Length of a factor vector, F.
    regularization : float, optional
        None takes it from the matrix: its share of observed pairs, their number and mean value.
    regularization_exponent : float
        reg_u = regularization * (sum of c_ui over all items)^exponent, and the same for items: 0 is one regularization
        for all, 1 grows with how much is known of a row (Rendle et al., RecSys 2022, section 3.2).
    alpha : float
    unobserved_weight : float, optional
        None takes it from the matrix: its share of observed pairs and their root mean square value. The model says
        what both came to.
    epochs : int
        Passes over users and items.
    tolerance : float, optional
        Ends the training once an epoch lowers the loss by less than this share; the loss is then computed every epoch.
    steps : int
        Conjugate-gradient steps per row and half-step of the native solver.
    solver : "auto", "native" or "implicit"
        auto takes the native kernels where they are built. implicit knows neither exponent nor tolerance nor steps.
    threads : int, optional
        None takes OMP_NUM_THREADS, then the cores this process may use.
    seed : int
    verbose : bool
        Log the loss of every epoch.

    Raises
    ------
    ConfigError
        If a count is below 1, or a weight is not above 0.
    """

    factors: int = 128
    regularization: float | None = None
    regularization_exponent: float = 0.0
    alpha: float = 1.0
    unobserved_weight: float | None = None
    epochs: int = 8
    tolerance: float | None = None
    steps: int = 4
    solver: Solver = "auto"
    threads: int | None = None
    seed: int = 0
    verbose: bool = False

    def __post_init__(self) -> None:
        counts = {"factors": self.factors, "epochs": self.epochs, "steps": self.steps, "threads": self.threads}
        for name, count in counts.items():
            if count is not None and count < 1:
                raise ConfigError(f"ALS: {name} = {count}, needs 1 or more")
        for name in ("regularization", "alpha", "unobserved_weight"):
            weight = getattr(self, name)
            if weight is not None and not 0 < weight < np.inf:
                raise ConfigError(f"ALS: {name} = {weight}, needs a finite number above 0")

    def fit(
        self,
        user_items: sp.csr_matrix | sp.csr_array,
        *,
        warm_start: NDArray[np.float32] | None = None,
        progress: Progress = silent,
    ) -> FactorModel:
        """Return the model of a matrix of shape (U, I) whose values are finite and not negative.

        Zeros that are stored count as not observed. Items without any value get zero factors. On one machine the
        same data, options and seed give the same bytes, with the native solver on any number of threads.

        Parameters
        ----------
        user_items : shape (U, I)
        warm_start : float32, shape (I, F), optional
            Item factors of an earlier model to start from, rows in the order of these items; rows of zeros are items
            it did not know and start at random.

        Raises
        ------
        DataError
            If the matrix is not one, or malformed, or a value is negative or not finite.
        ConfigError
            If the factors stop being finite, or the solver can't do what is asked.
        """
        values = observed_pairs(user_items)
        weights = self._weights(values)
        start = self._start(values.shape[1], warm_start)
        data = np.float32(weights.unobserved_weight) + np.float32(self.alpha) * values.data
        confidences = sp.csr_matrix((data, values.indices, values.indptr), shape=values.shape)
        item_factors = self._factorise(confidences, weights, start, progress)
        return FactorModel(
            item_factors, weights.regularization, self.alpha, weights.unobserved_weight, self.regularization_exponent
        )

    @property
    def chosen_solver(self) -> str:
        """The solver that `fit` takes: "native" or "implicit".

        Raises
        ------
        ConfigError
            If the solver asked for is not there, or can't do what is asked of it.
        """
        if self.solver == "native" and not has_native():
            raise ConfigError(f'models.als.solver = "native": {MISSING}install one and install again, or use "auto"')
        chosen = "native" if self.solver != "implicit" and has_native() else "implicit"
        if chosen == "implicit" and (self.regularization_exponent != 0 or self.tolerance is not None):
            raise ConfigError(
                "models.als: the solver implicit knows no regularization_exponent and no tolerance; leave them out, or "
                "use the native solver"
            )
        return chosen

    def _start(self, n_items: int, warm_start: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """Return random item factors of standard deviation 0.1 / sqrt(F), or known ones where there are any."""
        start = np.random.default_rng(self.seed).random((n_items, self.factors), dtype=np.float32)
        start -= np.float32(0.5)
        start *= np.float32(0.1 * np.sqrt(12 / self.factors))
        if warm_start is None:
            return start
        if warm_start.ndim != 2 or len(warm_start) != n_items or not np.isfinite(warm_start).all():
            raise ConfigError(f"warm_start: shape {warm_start.shape}, needs {n_items} rows of finite numbers")
        known = warm_start.any(axis=1)
        shared = min(self.factors, warm_start.shape[1])
        start[known, :shared] = warm_start[known, :shared]
        return start

    def _weights(self, values: sp.csr_matrix) -> Weights:
        """Return the weights that were asked for, and those that suit the matrix where none were."""
        suited = weights_of(values, self.alpha, self.regularization_exponent)
        return Weights(
            suited.regularization if self.regularization is None else self.regularization,
            suited.unobserved_weight if self.unobserved_weight is None else self.unobserved_weight,
        )

    def _factorise(
        self, confidences: sp.csr_matrix, weights: Weights, start: NDArray[np.float32], progress: Progress
    ) -> NDArray[np.float32]:
        threads = self.threads or available_threads()
        if self.chosen_solver == "implicit":
            return als_implicit.factorise(
                confidences,
                start,
                regularization=weights.regularization,
                unobserved_weight=weights.unobserved_weight,
                epochs=self.epochs,
                threads=threads,
                after_epoch=lambda epoch: progress("fit als", epoch, self.epochs),
            )
        settings = als_native.Settings(
            unobserved_weight=weights.unobserved_weight,
            user_regularizations=self._regularizations(confidences, weights),
            item_regularizations=self._regularizations(confidences.T, weights),
            steps=self.steps,
            epochs=self.epochs,
            threads=threads,
        )
        return als_native.factorise(confidences, start, settings, self._watch(progress))

    def _regularizations(self, confidences: sp.csr_matrix | sp.csc_matrix, weights: Weights) -> NDArray[np.float64]:
        """Return the regularization of each row, shape (N,)."""
        regularization, unobserved_weight = weights
        if self.regularization_exponent == 0:
            return np.full(confidences.shape[0], regularization)
        rows = confidences.tocsr()
        exponent = self.regularization_exponent
        return regularizations_of(rows.indptr, rows.data, rows.shape[1], regularization, exponent, unobserved_weight)

    def _watch(self, progress: Progress) -> Callable[[int, Callable[[], float]], bool]:
        """Return what follows the training: it reports each epoch and says whether that was the last one needed."""
        before = np.inf

        def after_epoch(epoch: int, loss: Callable[[], float]) -> bool:
            nonlocal before
            enough = False
            if self.verbose or self.tolerance is not None:
                now = loss()
                log.info("ALS: epoch %d, loss %.7g", epoch, now)
                enough = self.tolerance is not None and before - now < self.tolerance * before
                before = now
            progress("fit als", self.epochs if enough else epoch, self.epochs)
            return enough

        return after_epoch
