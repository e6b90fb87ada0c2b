"""cmfrec's implicit model by conjugate gradients, set up for speed as its documentation says. Exponent 0 only.

Its conjugate gradients solve another system than its Cholesky solver, to which alone the documented loss belongs: per
user (Y'Y + sum (1 + alpha r) y y' + lambda I) x = sum alpha r y. While all values are 1 that is the contract's system
with other parameters, up to one factor for all scores, and that is how it is asked.
"""

from __future__ import annotations

import scipy.sparse as sp
from cmfrec import CMF_implicit
from contract import Fitted, Request

PACKAGES = ("cmfrec", "numpy", "scipy")


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit CMF_implicit, which counts in units of the unobserved weight w (below 1)."""
    weight = asked.unobserved_weight
    score_scale = (1 - weight) / (1 + weight)
    model = CMF_implicit(
        k=asked.factors,
        lambda_=score_scale * asked.regularization / weight,
        alpha=1 / weight - 1,
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
