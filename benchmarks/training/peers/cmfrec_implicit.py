"""cmfrec's implicit model by conjugate gradients, set up for speed as its documentation says. Exponent 0 only."""

from __future__ import annotations

import scipy.sparse as sp
from cmfrec import CMF_implicit
from contract import Fitted, Request

PACKAGES = ("cmfrec", "numpy", "scipy")


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit CMF_implicit: it counts in units of the unobserved weight w, and c = 1 + alpha r there."""
    model = CMF_implicit(
        k=asked.factors,
        lambda_=asked.regularization / asked.unobserved_weight,
        alpha=1 / asked.unobserved_weight,
        use_cg=True,
        max_cg_steps=3,
        finalize_chol=False,
        niter=asked.epochs,
        use_float=True,
        precompute_for_predictions=False,
        produce_dicts=False,
        random_state=asked.seed,
        nthreads=asked.threads,
    )
    model.fit(matrix.tocoo())
    return Fitted(model.B_, model.A_)
