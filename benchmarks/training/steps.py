"""How near ALS with few steps of conjugate gradients comes to exact half-steps, solved in float64.

All start at the same factors and run for the same epochs. Loss and NDCG@20 (on validation pairs) are those of the item
factors at the end, with users solved exactly; the factor error is that of one half-step: the users' factors against
exact ones, for the item factors at which the exact solver ended. No times are taken: `epochs` does that.
"""

from __future__ import annotations

import argparse

import numpy as np
import scipy.sparse as sp

from benchmarks.training import datasets
from benchmarks.training.quality import ndcg_and_recall, users_with_items
from benchmarks.training.record import write_record
from recommender import ALS
from recommender.kernels import native, padded, reference
from recommender.models import FactorModel
from recommender.models.als_weights import Weights, weights_of

EXACT = "exact"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `steps` can be told."""
    datasets.add_options(parser)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 3, 4, 8])
    parser.add_argument("--users", type=int, default=10_000, help="Most users that are scored.")


def run(asked: argparse.Namespace) -> None:
    """Train exactly and with each number of steps, compare, write."""
    train, held_out = datasets.validation_split(asked).matrices()
    users = users_with_items(held_out, asked.users)
    suited = weights_of(train, alpha=1.0, exponent=0.0)
    start = np.random.default_rng(0).normal(0, 0.1 / np.sqrt(asked.factors), (train.shape[1], asked.factors))
    start = (start * (train.getnnz(axis=0) > 0)[:, None]).astype(np.float32)
    data = train.data + np.float32(suited.unobserved_weight)
    confidences = sp.csr_matrix((data, train.indices, train.indptr), train.shape)

    def solved(rows: sp.csr_matrix, factors: np.ndarray) -> np.ndarray:
        regularizations = np.full(rows.shape[0], suited.regularization)
        return reference.solve_rows(rows, factors, regularizations, suited.unobserved_weight)

    items, columns = start.astype(np.float64), confidences.T.tocsr()
    for _ in range(asked.epochs):
        exact = solved(confidences, items)
        items = solved(columns, exact)
    last = FactorModel(_in_eigenbasis(items), suited.regularization, 1.0, suited.unobserved_weight)
    exact = solved(confidences, last.item_factors)
    least = _loss(confidences, exact, last.item_factors, suited)
    best = ndcg_and_recall(exact.astype(np.float32), last.item_factors, train, held_out, users)[0]
    rows = [{"steps": EXACT, "loss": least, "above_exact": 0.0, "ndcg": best, "median_error": 0.0, "p99_error": 0.0}]
    for steps in asked.steps:
        estimator = ALS(factors=asked.factors, epochs=asked.epochs, steps=steps, **suited._asdict())
        model = estimator.fit(train, warm_start=start)
        loss = _loss(confidences, solved(confidences, model.item_factors), model.item_factors, suited)
        found = _half_step(last, confidences, steps)
        known = np.flatnonzero(exact.any(axis=1))
        error = np.linalg.norm(found[known] - exact[known], axis=1) / np.linalg.norm(exact[known], axis=1)
        figures = {
            "loss": loss,
            "above_exact": loss / least - 1,
            "ndcg": ndcg_and_recall(model.fold_in(train), model.item_factors, train, held_out, users)[0],
            "median_error": float(np.median(error)),
            "p99_error": float(np.quantile(error, 0.99)),
        }
        rows.append({"steps": steps, **figures})
        print(rows[-1], flush=True)
    setting = {"dataset": asked.dataset, "factors": asked.factors, "epochs": asked.epochs, "scored_users": len(users)}
    write_record(f"training-steps-{asked.dataset}-{asked.factors}", setting, rows, kind="training-steps")


def _in_eigenbasis(factors: np.ndarray) -> np.ndarray:
    """Return factors, shape (n, F), turned so that their Gram matrix is diagonal: predictions stay."""
    return np.ascontiguousarray(factors @ np.linalg.eigh(factors.T @ factors)[1][:, ::-1], dtype=np.float32)


def _half_step(model: FactorModel, confidences: sp.csr_matrix, steps: int) -> np.ndarray:
    """Return the user factors, shape (U, F), that training with so many steps would give for these item factors."""
    n = confidences.shape[0]
    factors = padded(model.item_factors)
    problem = native.RowProblem(
        indptr=confidences.indptr.astype(np.int64),
        indices=confidences.indices.astype(np.int32),
        confidences=confidences.data.astype(np.float32),
        confidence=0.0,
        factors=factors,
        spectrum=padded(model.spectrum[None].astype(np.float32))[0],
        regularizations=np.full(n, model.regularization, dtype=np.float32),
        unobserved_weight=model.unobserved_weight,
    )
    solutions = np.zeros((n, factors.shape[1]), dtype=np.float32)
    problem.solve(np.arange(n), solutions, steps=steps, tolerance=0.0, threads=1)
    return solutions[:, : model.factors]


def _loss(confidences: sp.csr_matrix, users: np.ndarray, items: np.ndarray, weights: Weights) -> float:
    """Return the loss of `recommender.ALS`, all unobserved pairs by Gram matrices, in float64."""
    X, Y = users.astype(np.float64), items.astype(np.float64)
    regularization, unobserved_weight = weights
    pairs = confidences.tocoo()
    scores = np.einsum("nf,nf->n", X[pairs.row], Y[pairs.col])
    observed = (pairs.data * (1 - scores) ** 2 - unobserved_weight * scores**2).sum()
    lengths = (X**2).sum() + (Y**2).sum()
    return float(observed + unobserved_weight * ((X.T @ X) * (Y.T @ Y)).sum() + regularization * lengths)
