"""LensKit's ImplicitMFScorer (Cholesky). Exponent 0 only, and all values count as 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from contract import Fitted, Request
from lenskit.als import ImplicitMFScorer
from lenskit.data import from_interactions_df
from lenskit.training import TrainingOptions
from stopwatch import Stopwatch

PACKAGES = ("lenskit", "numpy", "scipy")


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Train the scorer epoch by epoch: it counts in units of the unobserved weight w, and c = 1 + weight there."""
    pairs = matrix.tocoo()
    dataset = from_interactions_df(pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col}))
    scorer = ImplicitMFScorer(
        embedding_size=asked.factors,
        epochs=asked.epochs,
        regularization=asked.regularization / asked.unobserved_weight,
        weight=1 / asked.unobserved_weight,
    )
    trainer = scorer.create_trainer(dataset, TrainingOptions(rng=asked.seed))
    epochs = Stopwatch()
    for _ in range(asked.epochs):
        trainer.train_epoch()
        epochs()
    trainer.finalize()
    n_users, n_items = matrix.shape
    return Fitted(
        _in_place(scorer.item_embeddings, scorer.items.ids(), n_items),
        _in_place(scorer.user_embeddings, scorer.users.ids(), n_users),
        epochs.seconds,
    )


def _in_place(factors: np.ndarray, ids: np.ndarray, n: int) -> np.ndarray:
    """Return `n` rows of factors, each where its id says; rows of users or items without a pair are zero."""
    placed = np.zeros((n, factors.shape[1]), dtype=np.float32)
    placed[np.asarray(ids, dtype=np.int64)] = factors
    return placed
