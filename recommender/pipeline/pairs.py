"""The model of what is bought together, with the basket factors it leans on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.config import Config
from recommender.dataset import Dataset, Events, distinct
from recommender.index import build_index, nearest_neighbours
from recommender.models import (
    ALS,
    Baskets,
    CoPurchase,
    FittedPairs,
    Kinship,
    SimilarityModel,
    build_baskets,
    renumbered_pairs,
)
from recommender.pipeline.taste import sample
from recommender.progress import Progress, silent, under

NOT_OF_THE_ESTIMATOR = {"factors"}
MOST_BASKETS = 3_000_000
"""Baskets that the basket factors are fitted on: beyond, of several items, and then a seeded sample of these."""


def fit_pairs(
    goal: Events, as_of: int | None, dataset: Dataset, config: Config, *, progress: Progress = silent
) -> FittedPairs:
    """Fit what is bought together on goal events net of returns; the rest of the data set is its ids and catalogue."""
    return _fit(goal, as_of, dataset.catalogue.category, None, config, progress)


def fit_some_pairs(
    goal: Events,
    as_of: int | None,
    dataset: Dataset,
    anchors: NDArray[np.bool_],
    config: Config,
    *,
    progress: Progress = silent,
) -> FittedPairs:
    """Fit the same for some items only, a mask of shape (I,): the rows of the others are empty.

    The anchors are given the first numbers meanwhile, so that all else can be cut off after them.
    """
    old = np.concatenate([np.flatnonzero(anchors), np.flatnonzero(~anchors)])
    new = np.empty(len(old), dtype=np.int64)
    new[old] = np.arange(len(old))
    category = dataset.catalogue.category
    moved = replace(goal, item=new[goal.item].astype(np.int32))
    found = _fit(moved, as_of, category[old], int(anchors.sum()), config, progress)
    n_categories = len(found.of_categories.indptr) - 1
    return renumbered_pairs(found, old, np.arange(n_categories), len(old), n_categories)


def _fit(
    goal: Events,
    as_of: int | None,
    category: NDArray[np.int32],
    n_anchors: int | None,
    config: Config,
    progress: Progress,
) -> FittedPairs:
    options = config.models.co_purchase
    baskets = build_baskets(goal)
    factors = _basket_factors(baskets.up_to(options.max_basket_items), len(category), config, progress)
    kinship = Kinship(category, factors, _nearest(factors, n_anchors, config, progress))
    estimator = CoPurchase(**options.model_dump(exclude=NOT_OF_THE_ESTIMATOR))
    return estimator.fit(baskets, kinship, as_of=as_of, n_anchors=n_anchors, progress=progress)


def _basket_factors(baskets: Baskets, n_items: int, config: Config, progress: Progress) -> NDArray[np.float32]:
    """Return item factors of length 1, shape (I, F), from ALS with baskets in the place of users.

    Zeros where fewer than `min_support` customers bought the item: a cosine can't tell one from many.
    """
    options = config.models.co_purchase
    by_basket = sp.csr_matrix(telling(baskets).matrix(n_items))
    if options.factors == 0 or by_basket.nnz == 0:
        return np.zeros((n_items, 1), dtype=np.float32)
    als = ALS(factors=options.factors, seed=config.models.als.seed, solver=config.models.als.solver)
    factors = als.fit(by_basket, progress=under("baskets", progress)).item_factors
    buyers = _distinct_buyers(baskets, n_items)
    length = np.linalg.norm(factors, axis=1)
    known = (length > 0) & (buyers >= options.min_support)
    return np.asarray(np.where(known[:, None], factors / np.maximum(length, 1e-12)[:, None], 0), dtype=np.float32)


def telling(baskets: Baskets) -> Baskets:
    """Return all baskets where they are few, else at most MOST_BASKETS: a factor vector of each is in memory."""
    if len(baskets) <= MOST_BASKETS:
        return baskets
    several = np.flatnonzero(baskets.sizes > 1)
    chosen = np.zeros(len(baskets), dtype=bool)
    chosen[np.random.default_rng(0).permutation(several)[:MOST_BASKETS]] = True
    return baskets.where(chosen)


def _distinct_buyers(baskets: Baskets, n_items: int) -> NDArray[np.int64]:
    pairs = distinct(np.repeat(baskets.actor.astype(np.int64), baskets.sizes) * n_items + baskets.items)
    return np.bincount(pairs % n_items, minlength=n_items)


def _nearest(
    factors: NDArray[np.float32], n_anchors: int | None, config: Config, progress: Progress
) -> SimilarityModel:
    """Return the nearest items in the basket factors."""
    queries = factors[sample(np.flatnonzero(factors.any(axis=1)))]
    if not len(queries):
        return SimilarityModel.empty(len(factors))
    index, _ = build_index(factors, "cosine", config.index, queries)
    anchors = None if n_anchors is None else np.arange(len(factors)) < n_anchors
    return nearest_neighbours(index, factors, only=anchors, progress=under("baskets", progress))
