"""fit: from a dataset to a bundle in memory. Training fits on everything, evaluation on the events before its cut."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import scipy.sparse as sp

from recommender.bundle import Bundle, Manifest
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import Dataset, Events
from recommender.dataset.summary import rfc3339
from recommender.index import build_index
from recommender.matrix import build_histories, event_values, main_event_type, net_of_returns
from recommender.models import (
    ALS,
    CoPurchase,
    NewArrivals,
    Popularity,
    Trending,
    build_baskets,
    for_you_query,
    for_you_vectors,
)
from recommender.progress import Progress, silent

LIBRARIES = ("alsobought", "numpy", "scipy", "implicit", "faiss-cpu", "pyarrow")
RECALL_QUERIES = 200


def fit_bundle(dataset: Dataset, config: Config, *, progress: Progress = silent) -> Bundle:
    """Fit every model and build every index; the same data, configuration and seed give the same bundle.

    Raises
    ------
    DataError
        If nothing is left to train on once returns are netted.
    """
    events = net_of_returns(dataset.events)
    main_event = main_event_type(events, config.event_weights)
    goal = events.where(events.is_type(main_event))
    n_items = len(dataset.items)
    values = event_values(
        events,
        config.event_weights,
        damp_quantity=config.matrix.damp_quantity,
        half_life_days=config.matrix.half_life_days,
    )
    histories = build_histories(events, values)
    user_items = histories.user_items(n_items, max_items_per_user=config.matrix.max_items_per_user)

    popularity = config.models.popularity
    popular = Popularity(popularity.half_life_days).fit(goal, n_items, events.as_of)
    trending = Trending(popularity.trending_days).fit(goal, n_items, events.as_of)
    new_arrivals = NewArrivals(popularity.new_days).fit(events, dataset.catalogue.created_at)

    pairs = config.models.co_purchase
    baskets = build_baskets(goal, half_life_days=pairs.half_life_days)
    co_purchase = CoPurchase(pairs.min_support, pairs.max_neighbours, pairs.max_basket_items).fit(
        baskets, n_items, progress=progress
    )

    wide_enough = user_items.getnnz(axis=0) >= config.matrix.min_users_per_item
    trained = sp.csr_matrix(user_items.multiply(wide_enough[None, :]))
    trained.eliminate_zeros()
    als = ALS(**config.models.als.model_dump()).fit(trained, progress=progress)

    known = histories.first(len(dataset.users) + len(dataset.sessions))
    sample = np.random.default_rng(0).permutation(len(known))[:RECALL_QUERIES]
    queries = for_you_query(als.fold_in(user_items[np.sort(sample)]), config.blend.popularity)
    vectors = for_you_vectors(als.item_factors, popular.scores)
    for_you_index, for_you_recall = build_index(vectors, "inner_product", config.index, queries)
    anchors = np.random.default_rng(0).permutation(for_you_index.items)[:RECALL_QUERIES]
    similar_index, similar_recall = build_index(als.item_factors, "cosine", config.index, als.item_factors[anchors])

    return Bundle(
        manifest=Manifest(
            created_at=rfc3339(int(datetime.now(UTC).timestamp())),
            as_of=None if events.as_of is None else rfc3339(events.as_of),
            main_event=main_event,
            n_users=len(dataset.users),
            n_sessions=len(dataset.sessions),
            n_items=n_items,
            n_events=len(dataset.events),
            data_sha256=fingerprint(dataset.events),
            config=config_record(config),
            index_recall={"for_you_index": for_you_recall, "similar_index": similar_recall},
            libraries={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        ),
        config=config,
        users=dataset.users,
        sessions=dataset.sessions,
        items=dataset.items,
        catalogue=dataset.catalogue,
        histories=known,
        als=als,
        co_purchase=co_purchase,
        popular=popular,
        trending=trending,
        new_arrivals=new_arrivals,
        for_you_index=for_you_index,
        similar_index=similar_index,
    )


def fingerprint(events: Events) -> str:
    """Return the SHA-256 of the events as they are trained on."""
    digest = hashlib.sha256()
    for column in (events.user, events.session, events.item, events.event_type, events.time, events.quantity):
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
