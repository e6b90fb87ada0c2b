"""Learning how much each source of a blend counts: the weights that rank known answers best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.evaluation.tasks import Task
from recommender.placements.asked import resolve
from recommender.placements.for_you import FOR_YOU, blend_of, history_of
from recommender.placements.recommend import rules_of
from recommender.ranking import Blend

STEPS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
SWEEPS = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates of N users, W of them at most, as P sources see them.

    Attributes
    ----------
    features : float32, shape (P, N, W)
        In 0..1; zeros behind the last candidate of a user.
    hits : bool, shape (N, W)
    behind : float32, shape (N, W)
        Added to scores: 0, or -inf behind the last candidate.
    n_relevant : int64, shape (N,)
        Items that are right, candidates or not.
    sources : tuple of str, P
    """

    features: NDArray[np.float32]
    hits: NDArray[np.bool_]
    behind: NDArray[np.float32]
    n_relevant: NDArray[np.int64]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, cases: Iterable[tuple[NDArray[np.float32], NDArray[np.bool_], int]], sources: Sequence[str]) -> Scored:
        """Return the candidates of users, each given by features (P, n), hits (n,) and the number of right items."""
        features, hits, n_relevant = zip(*cases, strict=True)
        lengths = np.array([len(row) for row in hits])
        shape = (len(features[0]), len(hits), int(lengths.max()))
        missing = np.arange(shape[2]) >= lengths[:, None]
        scored = cls(
            np.zeros(shape, dtype=np.float32),
            np.zeros(shape[1:], dtype=bool),
            np.where(missing, -np.inf, 0).astype(np.float32),
            np.array(n_relevant),
            tuple(sources),
        )
        for user, (rows, right) in enumerate(zip(features, hits, strict=True)):
            scored.features[:, user, : len(right)] = rows
            scored.hits[user, : len(right)] = right
        return scored

    def ranks(self, weights: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return user and rank (from 0) of what is right among the best k by the weighted sum; ties rank behind."""
        scores = np.tensordot(weights, self.features, axes=1) + self.behind
        k = min(k, scores.shape[1])
        best = np.partition(scores, -k, axis=1)[:, -k:]
        least = best[:, :1]
        among = scores >= least
        users, places = np.nonzero(self.hits & among)
        own = scores[users, places]
        ranks = np.count_nonzero(best[users] >= own[:, None], axis=1) - 1
        last = own == least[users, 0]
        ranks[last] = np.count_nonzero(among[users[last]], axis=1) - 1
        return users[ranks < k], ranks[ranks < k]

    def ndcg(self, weights: NDArray[np.float32], k: int) -> float:
        """Return the mean NDCG of the best k."""
        users, ranks = self.ranks(weights, k)
        ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.minimum(self.n_relevant, k) - 1]
        return float((np.bincount(users, 1 / np.log2(ranks + 2), minlength=len(ideal)) / ideal).mean())


def score_candidates(bundle: Bundle, task: Task, cases: Iterable[int]) -> Scored:
    """Return the candidates of for-you in some cases, as its sources see them; those of weight 0 are left out."""
    rows, blend = [], Blend([])
    for case in cases:
        query, relevant = task.query(case, k=1), task.relevant.of(case)
        asked = resolve(bundle, query)
        blend = blend_of(bundle, history_of(asked))
        pool = blend.pool(rules_of(bundle, query, asked, FOR_YOU).allowed())
        rows.append((blend.features(pool), np.isin(pool, relevant), len(relevant)))
    return Scored.of(rows, [part.name for part in blend.parts])


def learn_weights(scored: Scored, start: Sequence[float], free: Sequence[bool], k: int) -> tuple[list[float], float]:
    """Return the weights of the sources and the NDCG@k they reach, by a search along one weight after the other.

    Only the `free` ones change. The first source that starts above 0 keeps its weight too: only ratios matter. Of
    weights that rank equally well the one met first stays, the start before all.
    """
    weights = np.array(start, dtype=np.float32)
    fixed = int(np.flatnonzero(weights > 0)[0])
    best = scored.ndcg(weights, k)
    for _ in range(SWEEPS):
        before = best
        for source in range(len(weights)):
            if source == fixed or not free[source]:
                continue
            for step in STEPS:
                tried = weights.copy()
                tried[source] = step * weights[fixed]
                value = scored.ndcg(tried, k)
                if value > best:
                    weights, best = tried, value
        if best == before:
            break
    return [round(float(weight), 4) for weight in weights], best
