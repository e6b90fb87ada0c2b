"""fit: from a dataset to a bundle in memory. Training fits on everything, evaluation on the events before its cut."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.bundle import Bundle, Manifest
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import Dataset, Events, IdMap
from recommender.dataset.summary import rfc3339
from recommender.index import ItemIndex, build_index, nearest_neighbours
from recommender.kernels import solver_name
from recommender.matrix import Histories, build_histories, event_values, main_event_type, net_of_returns
from recommender.models import (
    ALS,
    CoPurchase,
    FactorModel,
    ItemScores,
    NewArrivals,
    Popularity,
    SimilarityModel,
    Trending,
    build_baskets,
    for_you_query,
    for_you_vectors,
)
from recommender.progress import Progress, silent

LIBRARIES = ("alsobought", "numpy", "scipy", "implicit", "faiss-cpu", "pyarrow")
RECALL_QUERIES = 200


def fit_bundle(
    dataset: Dataset, config: Config, *, warm_start: Bundle | None = None, progress: Progress = silent
) -> Bundle:
    """Fit every model and build every index; the same data, configuration and seed give the same bundle.

    ALS starts from the item factors of `warm_start`, matched by item id, if one is given.

    Raises
    ------
    DataError
        If nothing is left to train on once returns are netted.
    """
    events = net_of_returns(dataset.events)
    main_event = main_event_type(events, config.event_weights)
    goal = events.where(events.is_type(main_event))
    histories = _histories(events, config)
    co_purchase, category_purchase = _fit_pairs(goal, events.as_of, dataset, config, progress)
    popularity = config.models.popularity
    popular = Popularity(popularity.half_life_days).fit(goal, len(dataset.items), events.as_of)
    user_items = _user_items(histories, len(dataset.items), config)
    estimator = ALS(**config.models.als.model_dump(exclude={"warm_start"}))
    known_factors = None if warm_start is None else _factors_of(dataset.items, warm_start)
    als = estimator.fit(user_items, warm_start=known_factors, progress=progress)
    n_known = len(dataset.users) + len(dataset.sessions)
    for_you_index, for_you_recall = _for_you_index(als, popular, user_items[:n_known], config)
    similar_index, similar_recall = _similar_index(als, user_items, config)
    return Bundle(
        manifest=Manifest(
            created_at=rfc3339(int(datetime.now(UTC).timestamp())),
            as_of=None if events.as_of is None else rfc3339(events.as_of),
            main_event=main_event,
            n_users=len(dataset.users),
            n_sessions=len(dataset.sessions),
            n_items=len(dataset.items),
            n_events=len(dataset.events),
            data_sha256=fingerprint(dataset.events),
            config=config_record(config),
            index_recall={"for_you_index": for_you_recall, "similar_index": similar_recall},
            solver=solver_name(estimator.chosen_solver),
            weights={"regularization": als.regularization, "unobserved_weight": als.unobserved_weight},
            warm_start=None if warm_start is None else warm_start.version,
            libraries={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        ),
        config=config,
        users=dataset.users,
        sessions=dataset.sessions,
        items=dataset.items,
        catalogue=dataset.catalogue,
        histories=histories.first(n_known),
        als=als,
        co_purchase=co_purchase,
        category_purchase=category_purchase,
        popular=popular,
        trending=Trending(popularity.trending_days).fit(goal, len(dataset.items), events.as_of),
        new_arrivals=NewArrivals(popularity.new_days).fit(events, dataset.catalogue.created_at),
        for_you_index=for_you_index,
        similar_index=similar_index,
        similar=SimilarityModel.empty(len(dataset.items)),
    )


def precompute(bundle: Bundle, *, progress: Progress = silent) -> Bundle:
    """Return the bundle with what makes it answer faster and changes no answer: the lists of similar items."""
    similar = nearest_neighbours(bundle.similar_index, bundle.als.item_factors, progress=progress)
    return replace(bundle, similar=similar)


def _histories(events: Events, config: Config) -> Histories:
    matrix = config.matrix
    values = event_values(
        events, config.event_weights, damp_quantity=matrix.damp_quantity, half_life_days=matrix.half_life_days
    )
    return build_histories(events, values)


def _fit_pairs(
    goal: Events, as_of: int | None, dataset: Dataset, config: Config, progress: Progress
) -> tuple[SimilarityModel, SimilarityModel]:
    """Return what is bought together with each item, and with each category."""
    pairs = config.models.co_purchase
    baskets = build_baskets(goal, as_of=as_of, recent_half_life_days=pairs.recent_half_life_days)
    model = CoPurchase(pairs.min_support, pairs.max_neighbours, pairs.max_basket_items)
    n_items = len(dataset.items)
    of_items = model.fit(baskets, n_items, progress=progress)
    categories = dataset.catalogue.category
    return of_items, model.fit(baskets, n_items, anchor_of=categories, stage="fit categories", progress=progress)


def _user_items(histories: Histories, n_items: int, config: Config) -> sp.csr_matrix:
    """Return what ALS trains on, shape (A, I): capped per user, without items of too few users."""
    user_items = histories.user_items(n_items, max_items_per_user=config.matrix.max_items_per_user)
    narrow = user_items.getnnz(axis=0) < config.matrix.min_users_per_item
    user_items.data[narrow[user_items.indices]] = 0
    user_items.eliminate_zeros()
    return user_items


def _factors_of(items: IdMap, bundle: Bundle) -> NDArray[np.float32]:
    """Return the item factors that a bundle has of these items, shape (I, F); zeros where it knows no such item."""
    rank_there = {item_id: rank for rank, item_id in enumerate(bundle.items)}
    rank = np.array([rank_there.get(item_id, -1) for item_id in items], dtype=np.int64)
    factors = np.zeros((len(items), bundle.als.factors), dtype=np.float32)
    factors[rank >= 0] = bundle.als.item_factors[rank[rank >= 0]]
    return factors


def _for_you_index(
    als: FactorModel, popular: ItemScores, user_items: sp.csr_matrix, config: Config
) -> tuple[ItemIndex, float]:
    vectors = for_you_vectors(als.item_factors, popular.scores)
    user_factors = als.fold_in(user_items[_sample(np.arange(user_items.shape[0]))])
    queries = for_you_query(user_factors, config.blend.popularity)
    return build_index(vectors, "inner_product", config.index, queries)


def _similar_index(als: FactorModel, user_items: sp.csr_matrix, config: Config) -> tuple[ItemIndex, float]:
    supported = user_items.getnnz(axis=0) >= config.models.co_purchase.min_support  # a cosine can't tell one from many
    vectors = als.item_factors * supported[:, None]
    queries = vectors[_sample(np.flatnonzero(vectors.any(axis=1)))]
    return build_index(vectors, "cosine", config.index, queries)


def _sample(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a seeded sample: what the recall of an index is measured with."""
    return np.sort(np.random.default_rng(0).permutation(numbers)[:RECALL_QUERIES])


def fingerprint(events: Events) -> str:
    """Return the SHA-256 of all columns of the events that a model is fitted on."""
    digest = hashlib.sha256()
    columns = (events.user, events.session, events.order, events.item, events.event_type, events.time, events.quantity)
    for column in columns:
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
