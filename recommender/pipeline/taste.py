"""The models that for-you is made of: `fit` builds a bundle on them, `tune` fits them over and over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Dataset, Events, IdMap
from recommender.index import ItemIndex, build_index
from recommender.matrix import Histories, build_histories, event_values
from recommender.models import ALS, EASE, FactorModel, ItemKNN, ItemScores, Popularity, SimilarityModel
from recommender.progress import Progress, silent

RECALL_QUERIES = 200


@dataclass(frozen=True, slots=True)
class Taste:
    """What for-you answers from.

    `histories` are those of users and sessions, `user_items`, shape (A, I), what the models were trained on, guests
    included. `als_recall` is the share of the true best 20 that the index finds, `solver` what fitted ALS.
    """

    histories: Histories
    user_items: sp.csr_matrix
    als: FactorModel
    item_knn: SimilarityModel
    ease: SimilarityModel
    popular: ItemScores
    als_index: ItemIndex
    als_recall: float
    solver: str


def fit_taste(
    histories: Histories,
    goal: Events,
    as_of: int | None,
    dataset: Dataset,
    config: Config,
    *,
    warm_start: Bundle | None = None,
    progress: Progress = silent,
) -> Taste:
    """Fit on histories, and on goal events net of returns until `as_of`; the rest of the data set is its ids."""
    n_items, n_known = len(dataset.items), len(dataset.users) + len(dataset.sessions)
    user_items = user_items_of(histories, n_known, n_items, config)
    estimator = ALS(**config.models.als.model_dump(exclude={"warm_start"}))
    known_factors = None if warm_start is None else _factors_of(dataset.items, warm_start)
    als = estimator.fit(user_items, warm_start=known_factors, progress=progress)
    als_index, als_recall = index_of_factors(als, user_items[:n_known], config)
    return Taste(
        histories=histories.first(n_known),
        user_items=user_items,
        als=als,
        item_knn=_item_knn(user_items, config, progress),
        ease=_ease(user_items, config, progress),
        popular=Popularity(config.models.popularity.half_life_days).fit(goal, n_items, as_of),
        als_index=als_index,
        als_recall=als_recall,
        solver=estimator.chosen_solver,
    )


def sample(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a seeded sample: what the recall of an index is measured with."""
    return np.sort(np.random.default_rng(0).permutation(numbers)[:RECALL_QUERIES])


def histories_of(
    events: Events, config: Config, *, counted: NDArray[np.bool_] | None = None, as_of: int | None = None
) -> Histories:
    """Return what users, sessions and guests did, as the configuration weighs it.

    Where a mask, shape (E,), says which events are `counted`, `as_of` is the time of the last of them.
    """
    matrix = config.matrix
    values = event_values(
        events,
        config.event_weights,
        damp_quantity=matrix.damp_quantity,
        half_life_days=matrix.half_life_days,
        counted=counted,
    )
    return build_histories(events, values, own_half_life_days=config.models.own.half_life_days, as_of=as_of)


def user_items_of(histories: Histories, n_known: int, n_items: int, config: Config) -> sp.csr_matrix:
    """Return what ALS trains on, shape (A, I): capped per user, without items of too few users.

    The first `n_known` rows are those of users and sessions; guests without any item have none.
    """
    user_items = histories.user_items(n_items, max_items_per_user=config.matrix.max_items_per_user)
    narrow = user_items.getnnz(axis=0) < config.matrix.min_users_per_item
    user_items.data[narrow[user_items.indices]] = 0
    user_items.eliminate_zeros()
    lengths = np.diff(user_items.indptr)
    rows = np.flatnonzero((lengths > 0) | (np.arange(len(lengths)) < n_known))
    indptr = np.append(0, np.cumsum(lengths[rows]))
    return sp.csr_matrix((user_items.data, user_items.indices, indptr), shape=(len(rows), n_items))


def _item_knn(user_items: sp.csr_matrix, config: Config, progress: Progress) -> SimilarityModel:
    """Return the neighbours of all items; none where for-you does not ask for them."""
    if config.blend.item_knn == 0:
        return SimilarityModel.empty(user_items.shape[1])
    return ItemKNN(**config.models.item_knn.model_dump()).fit(user_items, progress=progress)


def _ease(user_items: sp.csr_matrix, config: Config, progress: Progress) -> SimilarityModel:
    """Return the weights between items; none where for-you does not ask for them."""
    if config.blend.ease == 0:
        return SimilarityModel.empty(user_items.shape[1])
    return EASE(**config.models.ease.model_dump()).fit(user_items, progress=progress)


def index_of_factors(als: FactorModel, user_items: sp.csr_matrix, config: Config) -> tuple[ItemIndex, float]:
    """Return the index that for-you searches, and the share of the true best 20 that it finds for a sample of users."""
    user_factors = als.fold_in(user_items[sample(np.arange(user_items.shape[0]))])
    return build_index(als.item_factors, "inner_product", config.index, user_factors)


def _factors_of(items: IdMap, bundle: Bundle) -> NDArray[np.float32]:
    """Return the item factors that a bundle has of these items, shape (I, F); zeros where it knows no such item."""
    rank_there = {item_id: rank for rank, item_id in enumerate(bundle.items)}
    rank = np.array([rank_there.get(item_id, -1) for item_id in items], dtype=np.int64)
    factors = np.zeros((len(items), bundle.als.factors), dtype=np.float32)
    factors[rank >= 0] = bundle.als.item_factors[rank[rank >= 0]]
    return factors
