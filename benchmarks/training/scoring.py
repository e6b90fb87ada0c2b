"""One fit, scored: what `tune`, `fit` and `curve` do over and over."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.training.datasets import Split
from benchmarks.training.measure import fit_once, request_of
from benchmarks.training.quality import ndcg_and_recall, users_with_items


@dataclass(frozen=True)
class Scorer:
    """Fits on the training part of a split and scores some users on what is held out.

    Attributes
    ----------
    train, held_out : matrices of shape (users, items)
    users : int, shape (n,)
        Those who are scored.
    """

    split: Split
    train: sp.csr_matrix
    held_out: sp.csr_matrix
    users: np.ndarray
    factors: int
    threads: int
    core_type: str

    @classmethod
    def of(cls, split: Split, asked: argparse.Namespace) -> Scorer:
        """Return the scorer of a split for what a command was asked: users, factors, threads, core_type."""
        train, held_out = split.matrices()
        users = users_with_items(held_out, asked.users)
        return cls(split, train, held_out, users, asked.factors, asked.threads, asked.core_type)

    def row(self, library: str, weights: dict[str, float], epochs: int, seed: int) -> dict[str, Any] | None:
        """Return figures, NDCG@20 and Recall@20 (0 if the factors are not finite) of a fit; None where it failed."""
        request = request_of(library, self.factors, epochs, self.threads, seed, weights)
        reading = fit_once(library, self.split.train, request, self.core_type)
        if reading is None:
            return None
        ndcg, recall = 0.0, 0.0
        if np.isfinite(reading.item_factors).all():
            ndcg, recall = ndcg_and_recall(
                reading.user_factors, reading.item_factors, self.train, self.held_out, self.users
            )
        print(f"{library}: {epochs} epochs, {reading.seconds:.2f} s, NDCG@20 {ndcg:.4f}", flush=True)
        scores = {"ndcg": round(ndcg, 6), "recall": round(recall, 6)}
        return {"library": library, "epochs": epochs, "round": seed, **scores, **reading.figures()}
