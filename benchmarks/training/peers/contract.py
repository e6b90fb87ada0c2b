"""What a file in this folder is asked for and what it answers.

The files run inside the environment of one library each, so they may import that library, numpy, scipy and one
another, and nothing else of this project.

The hyper-parameters are always those of one loss, in the terms of `recommender.ALS`, over all users u and items i:

    sum c_ui (p_ui - x_u.y_i)^2 + sum reg_u |x_u|^2 + sum reg_i |y_i|^2

An observed pair of value r has p = 1 and c = w + r, every other pair p = 0 and c = w, where w is the unobserved weight.
With exponent 0, reg_u = reg_i = regularization; with exponent 1, reg_u = regularization times the sum of all
confidences of u, and likewise for items. Each file translates exactly, or says in which respect it cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Request:
    """One fit.

    Attributes
    ----------
    exponent : float
        Of the regularization: 0 or 1, as above.
    solver : str
        Which of the library's solvers; empty where it has one.
    """

    factors: int
    epochs: int
    threads: int
    seed: int
    regularization: float
    unobserved_weight: float
    exponent: float
    solver: str


@dataclass(frozen=True)
class Fitted:
    """What a fit leaves.

    Attributes
    ----------
    item_factors : float32, shape (I, F)
    user_factors : float32, shape (U, F), or a function of the matrix that returns them
        A function where `fit` does not keep them: it is timed on its own.
    epoch_seconds : list of float
        One for each epoch; empty where the library cannot say.
    """

    item_factors: np.ndarray
    user_factors: np.ndarray | Callable[[sp.csr_matrix], np.ndarray]
    epoch_seconds: list[float] = field(default_factory=list)
