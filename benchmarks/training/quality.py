"""NDCG@20 and Recall@20 of factors: all items ranked exactly, those of the training matrix struck out."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

K = 20
ROWS_AT_ONCE = 1_000
BLOCK = 64


def ndcg_and_recall(
    user_factors: np.ndarray, item_factors: np.ndarray, train: sp.csr_matrix, held_out: sp.csr_matrix, users: np.ndarray
) -> tuple[float, float]:
    """Return the means over `users`, each of whom has held-out items.

    Recall divides by the number of held-out items of the user; the ideal of NDCG has min(20, that number) hits.
    """
    gains = 1 / np.log2(np.arange(2, K + 2))
    ideals = np.concatenate([[0], np.cumsum(gains)])
    ndcg, recall = [], []
    for start in range(0, len(users), ROWS_AT_ONCE):
        block = users[start : start + ROWS_AT_ONCE]
        hits = _hits(user_factors[block] @ item_factors.T, train[block], held_out[block])
        n = np.diff(held_out[block].indptr)
        ndcg.append(hits @ gains / ideals[np.minimum(n, K)])
        recall.append(hits.sum(axis=1) / n)
    return float(np.concatenate(ndcg).mean()), float(np.concatenate(recall).mean())


def users_with_items(held_out: sp.csr_matrix, at_most: int) -> np.ndarray:
    """Return the users who have held-out items, or a seeded choice of them; 0 is all."""
    users = np.flatnonzero(np.diff(held_out.indptr))
    if 0 < at_most < len(users):
        users = np.sort(np.random.default_rng(0).choice(users, at_most, replace=False))
    return users


def _hits(scores: np.ndarray, train: sp.csr_matrix, held_out: sp.csr_matrix) -> np.ndarray:
    """Return, shape (rows, 20), whether the item at each rank is held out; `scores` is overwritten."""
    scores[train.nonzero()] = -np.inf
    best = _best(scores)
    pairs = held_out.tocoo()
    wanted = np.zeros((len(scores), scores.shape[1] + BLOCK), dtype=bool)  # as wide as what `_best` pads
    wanted[pairs.row, pairs.col] = True
    return np.take_along_axis(wanted, best, axis=1)


def _best(scores: np.ndarray) -> np.ndarray:
    """Return the columns of the 20 greatest scores of each row, best first.

    They lie in the 20 blocks of columns whose maxima are greatest, which leaves little to sort.
    """
    rows, columns = scores.shape
    padded = np.pad(scores, ((0, 0), (0, -columns % BLOCK)), constant_values=-np.inf)
    blocks = padded.reshape(rows, -1, BLOCK)
    chosen = np.argpartition(-blocks.max(axis=2), min(K, blocks.shape[1] - 1), axis=1)[:, :K]
    candidates = (chosen[:, :, None] * BLOCK + np.arange(BLOCK)).reshape(rows, -1)
    order = np.argsort(-np.take_along_axis(padded, candidates, axis=1), axis=1, kind="stable")[:, :K]
    return np.take_along_axis(candidates, order, axis=1)
