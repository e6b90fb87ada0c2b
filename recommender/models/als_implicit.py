"""ALS by the library implicit: where the native kernels are not built, and for who asks for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.errors import ConfigError


def factorise(
    confidences: sp.csr_matrix,
    start: NDArray[np.float32],
    *,
    regularization: float,
    unobserved_weight: float,
    epochs: int,
    threads: int,
    after_epoch: Callable[[int], None],
) -> NDArray[np.float32]:
    """Return item factors, shape (I, F), from `start`, in the eigenbasis of their Gram matrix.

    `confidences`, shape (U, I), are those of the observed pairs. BLAS is held to one thread: the solver has its own.

    Raises
    ------
    ConfigError
        If the factors come out not finite.
    """
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.recommender_base import ModelFitError

    scaled = confidences.astype(np.float32)  # implicit counts confidence in units of the unobserved weight
    scaled.data /= np.float32(unobserved_weight)
    with threadpool_limits(limits=1, user_api="blas"), suppress(ModelFitError):  # not finite: said below
        solver = AlternatingLeastSquares(
            factors=start.shape[1],
            regularization=regularization / unobserved_weight,
            alpha=1.0,
            iterations=epochs,
            num_threads=threads,
            random_state=0,
        )
        solver.item_factors = start.copy()
        solver.fit(scaled, show_progress=False, callback=lambda epoch, *_: after_epoch(epoch + 1))
    found = np.array(solver.item_factors, dtype=np.float32)
    if not np.isfinite(found).all():
        raise ConfigError(
            f"ALS diverged within {epochs} epochs: raise models.als.regularization, or lower the event weights"
        )
    found[confidences.getnnz(axis=0) == 0] = 0
    Y = found.astype(np.float64)
    return np.asarray(Y @ np.linalg.eigh(Y.T @ Y)[1][:, ::-1], dtype=np.float32)
