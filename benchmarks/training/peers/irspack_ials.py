"""irspack's iALS, by conjugate gradients or by iALS++ (blocks of 64 coordinates).

With exponent 1 it counts the pairs of a user where the contract sums their values: the same while all values are 1.
"""

from __future__ import annotations

import scipy.sparse as sp
from contract import Fitted, Request
from irspack import IALSRecommender
from stopwatch import Stopwatch

PACKAGES = ("irspack", "numpy", "scipy")


class TimedRecommender(IALSRecommender):
    """Keeps the seconds of every epoch."""

    def start_learning(self) -> None:
        """Build the trainer, then start the watch."""
        super().start_learning()
        self.epochs = Stopwatch()

    def run_epoch(self) -> None:
        """Run one epoch and note its time."""
        super().run_epoch()
        self.epochs()


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit IALSRecommender with the loss whose observed pairs have confidence w + r, as the contract's."""
    model = TimedRecommender(
        matrix,
        n_components=asked.factors,
        alpha0=asked.unobserved_weight,
        reg=asked.regularization,
        nu=asked.exponent,
        loss_type="ORIGINAL",
        solver_type=asked.solver.upper(),
        random_seed=asked.seed,
        n_threads=asked.threads,
        train_epochs=asked.epochs,
    )
    model.learn()
    return Fitted(model.get_item_embedding(), model.get_user_embedding(), model.epochs.seconds)
