"""Ranking metrics of one slate; averages over users are the runner's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of one slate at one k.

    recall = hits / min(k, relevant): 1 is reachable at every k. ndcg has gain 1 per hit and discount 1 / log2(rank +
    1), divided by that of the best possible slate (Järvelin and Kekäläinen, TOIS 2002). hit_rate is 1 with any hit.
    """

    recall: float
    ndcg: float
    hit_rate: float


def measure(slate: NDArray[np.int32], relevant: NDArray[np.int32], k: int) -> Metrics:
    """Return the metrics of a slate, shape (n,), best first, against distinct relevant items, shape (m,), m >= 1."""
    hits = np.isin(slate[:k], relevant)
    ideal = min(k, len(relevant))
    discounts = 1 / np.log2(np.arange(2, k + 2))
    return Metrics(
        recall=float(hits.sum() / ideal),
        ndcg=float(discounts[: len(hits)][hits].sum() / discounts[:ideal].sum()),
        hit_rate=float(hits.any()),
    )
