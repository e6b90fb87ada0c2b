"""Metrics of slates, vectorised over cases: of ranking, from where the hits stand, and of what is shown.

N cases, K slate length, I items. Averages over cases are taken later; NaN marks a case of which a metric says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.item_lists import ItemLists

Hits = NDArray[np.bool_]
Floats = NDArray[np.float64]


def recall(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:
    """Return hits / min(k, relevant), shape (N,): a perfect slate has 1 at every k."""
    return np.asarray(hits[:, :k].sum(axis=1) / np.minimum(k, n_relevant))


def recall_all(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:
    """Return hits / relevant, shape (N,): the other convention; below 1 where more are relevant than fit."""
    return np.asarray(hits[:, :k].sum(axis=1) / n_relevant)


def precision(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:  # noqa: ARG001
    """Return hits / k, shape (N,), however short the slate is."""
    return np.asarray(hits[:, :k].sum(axis=1) / k)


def ndcg(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:
    """Return the discounted gain over that of the best possible slate, shape (N,).

    Gain 1 per hit, discount 1 / log2(rank + 1): Järvelin and Kekäläinen, TOIS 2002.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discounts)[np.minimum(k, n_relevant) - 1]
    shown = hits[:, :k]
    return np.asarray(shown @ discounts[: shown.shape[1]] / best)


def hit_rate(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:  # noqa: ARG001
    """Return 1 with any hit, else 0, shape (N,)."""
    return np.asarray(hits[:, :k].any(axis=1), dtype=np.float64)


def mrr(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:  # noqa: ARG001
    """Return 1 / rank of the first hit among the first k, 0 without one, shape (N,)."""
    shown = hits[:, :k]
    return np.where(shown.any(axis=1), 1 / (shown.argmax(axis=1) + 1), 0.0)


def mean_average_precision(hits: Hits, n_relevant: NDArray[np.int64], k: int) -> Floats:
    """Return the precisions at the ranks of the hits, summed and divided by the relevant items, shape (N,).

    As trec_eval's map_cut: below 1 where more are relevant than fit.
    """
    shown = hits[:, :k]
    at_rank = np.cumsum(shown, axis=1) / np.arange(1, shown.shape[1] + 1)
    return np.asarray((at_rank * shown).sum(axis=1) / n_relevant)


RANKING_METRICS: dict[str, Callable[[Hits, NDArray[np.int64], int], Floats]] = {
    "recall": recall,
    "recall_all": recall_all,
    "precision": precision,
    "ndcg": ndcg,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "map": mean_average_precision,
}
"""By name; each takes hits, shape (N, K), relevant items per case, shape (N,), all at least 1, and k."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of the items.

    Attributes
    ----------
    known : bool, shape (I,)
        Whether an item can be relevant: training knows it and it may be shown.
    buyers : int64, shape (I,)
        Distinct users, sessions and guest orders who bought it in training.
    n_buyers : int
        All who bought anything in training.
    bought : float64, shape (I,)
        Goal events of training.
    price : float64, shape (I,)
        NaN where unknown.
    category : int32, shape (I,)
        Code of the whole path, -1 where unknown.
    """

    known: NDArray[np.bool_]
    buyers: NDArray[np.int64]
    n_buyers: int
    bought: NDArray[np.float64]
    price: NDArray[np.float64]
    category: NDArray[np.int32]


def hits_of(slates: NDArray[np.int32], relevant: ItemLists) -> Hits:
    """Return which places of the slates, shape (N, K), hold a relevant item; -1 is an empty place."""
    return relevant.holds(np.broadcast_to(np.arange(len(slates))[:, None], slates.shape), slates)


def revenue_recall(slates: NDArray[np.int32], hits: Hits, relevant: ItemLists, price: Floats, k: int) -> Floats:
    """Return the price of the hits over that of the best possible slate, shape (N,).

    The best slate holds the min(k, relevant) dearest relevant items, so 1 can be reached. An item of unknown price is
    worth nothing; NaN where no relevant item has a price above 0.
    """
    worth = np.append(np.nan_to_num(price), 0.0)
    gained = (worth[slates[:, :k]] * hits[:, :k]).sum(axis=1)
    owner, prices = relevant.owner, worth[relevant.items]
    order = np.lexsort((-prices, owner))
    place = np.arange(len(order)) - np.repeat(relevant.indptr[:-1], relevant.sizes)
    best = np.bincount(owner, np.where(place < k, prices[order], 0), minlength=len(relevant))
    return _share(gained, best)


def mean_popularity(slates: NDArray[np.int32], facts: ItemFacts, k: int) -> Floats:
    """Return the mean share of training's buyers who bought the items shown, shape (N,); NaN for an empty slate."""
    return _mean_over_shown(slates[:, :k], facts.buyers / max(facts.n_buyers, 1))


def novelty(slates: NDArray[np.int32], facts: ItemFacts, k: int) -> Floats:
    """Return the mean of -log2(share of training's buyers) of the items shown, shape (N,), in bits.

    An item that nobody bought counts as bought by one. Zhou et al., PNAS 2010; NaN for an empty slate.
    """
    shares = np.maximum(facts.buyers, 1) / max(facts.n_buyers, 1)
    return _mean_over_shown(slates[:, :k], -np.log2(np.minimum(shares, 1)))


def diversity(slates: NDArray[np.int32], category: NDArray[np.int32], k: int) -> Floats:
    """Return the share of pairs of shown items whose category paths differ, shape (N,).

    Only items with a category count; NaN with fewer than two of them. Ziegler et al., WWW 2005, with distance 0 or 1.
    """
    codes = np.sort(np.append(category, -1)[slates[:, :k]], axis=1)
    n = (codes >= 0).sum(axis=1)
    pairs = n * (n - 1) / 2
    alike = np.zeros(len(codes))
    run = np.zeros(len(codes))
    for place in range(1, codes.shape[1]):  # in a run of equal codes the j-th has j - 1 equals before it
        same = (codes[:, place] == codes[:, place - 1]) & (codes[:, place] >= 0)
        run = np.where(same, run + 1, 0)
        alike += run
    return _share(pairs - alike, pairs)


def fallback_share(slates: NDArray[np.int32], own: NDArray[np.int32], k: int) -> Floats:
    """Return the share of shown items behind the first `own`, shape (N,): those of a fallback source."""
    shown = (slates[:, :k] >= 0).sum(axis=1)
    behind = np.maximum(shown - own, 0)
    return _share(behind, shown)


def exposure(slates: NDArray[np.int32], n_items: int, k: int) -> NDArray[np.int64]:
    """Return in how many of the slates each item stands, shape (I,)."""
    shown = slates[:, :k]
    return np.bincount(shown[shown >= 0], minlength=n_items)


def coverage(shown: NDArray[np.int64], known: NDArray[np.bool_]) -> float:
    """Return the share of the items that can be relevant that stand in some slate; `shown` as `exposure` gives it."""
    return float((shown[known] > 0).sum() / max(known.sum(), 1))


def gini(shown: NDArray[np.int64], known: NDArray[np.bool_]) -> float:
    """Return the Gini index of the exposure of the items that can be relevant.

    0: all are shown equally often, near 1: one item takes all places. G = sum_i (2i - n - 1) x_i / (n sum_i x_i), x
    ascending; 0 where nothing is shown.
    """
    x = np.sort(shown[known]).astype(np.float64)
    n = len(x)
    if not x.sum():
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum()))


def popularity_curve(
    shown: NDArray[np.int64], buyers: NDArray[np.int64], known: NDArray[np.bool_], points: int = 60
) -> tuple[list[int], list[float]]:
    """Return numbers of items, the most bought first, and the share of all places that these items take.

    The numbers grow by a factor, from 1 to all items that can be relevant: what matters happens among the first.
    """
    n = int(known.sum())
    if not n:
        return [], []
    by_popularity = np.argsort(-buyers[known], kind="stable")
    taken = np.cumsum(shown[known][by_popularity])
    ranks = np.unique(np.rint(np.geomspace(1, n, points)).astype(np.int64))
    return ranks.tolist(), (taken[ranks - 1] / max(taken[-1], 1)).tolist()


def _mean_over_shown(slates: NDArray[np.int32], values: Floats) -> Floats:
    shown = slates >= 0
    n = shown.sum(axis=1)
    sums = np.where(shown, np.append(values, 0.0)[slates], 0).sum(axis=1)
    return _share(sums, n)


def _share(part: NDArray[np.number], whole: NDArray[np.number]) -> Floats:
    """Return part / whole, NaN where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))
