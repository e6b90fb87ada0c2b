"""fit: from a dataset to a bundle in memory. Training fits on everything, evaluation on the events before its cut."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle, Manifest
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import OWNERSHIP_TYPES, Dataset, Events, IdMap
from recommender.dataset.summary import rfc3339
from recommender.index import ItemIndex, build_index, nearest_neighbours
from recommender.kernels import solver_name
from recommender.matrix import Histories, Influence, Limited, last_time, main_event_type, net_of_returns
from recommender.models import (
    BoughtWithin,
    FactorModel,
    FittedPairs,
    NewArrivals,
    Repurchase,
    SimilarityModel,
    TradeUps,
    Trending,
    UpSell,
)
from recommender.pipeline.free_memory import give_back_free_memory
from recommender.pipeline.ownership import owned
from recommender.pipeline.pairs import fit_pairs
from recommender.pipeline.taste import Taste, fit_taste, histories_of, sample
from recommender.progress import Progress, silent

LIBRARIES = ("alsobought", "numpy", "scipy", "implicit", "faiss-cpu", "pyarrow")
MOST_BURST_ITEMS = 20


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
    events = training_events(dataset, config)
    pairs = fit_pairs(events.goal, events.as_of, dataset, config, progress=progress)
    give_back_free_memory()
    histories = events.histories(config)
    taste = fit_taste(histories, events.goal, events.as_of, dataset, config, warm_start=warm_start, progress=progress)
    started_from = None if warm_start is None else warm_start.version
    steps = _fit_steps(events.goal, events.as_of, dataset, config, progress)
    return assemble(dataset, config, events, pairs, taste, steps, started_from=started_from)


@dataclass(frozen=True, slots=True)
class FittedSteps:
    """What up-sell asks: dearer items of the same need, and what buyers of an item bought of its category."""

    trade_ups: TradeUps
    bought_within: SimilarityModel


@dataclass(frozen=True, slots=True)
class TrainingEvents:
    """The events that a bundle is fitted on: `all` that count, the `goal` ones among them, of type `main_type`.

    `kept` are all net of returns, which say what users own, and `limited` tells what was withheld.
    """

    kept: Events
    limited: Limited
    goal: Events
    main_type: str

    @property
    def all(self) -> Events:
        """The events that train: a copy, where some are withheld."""
        return self.limited.events

    @property
    def as_of(self) -> int | None:
        """The time of the last of them, seconds since 1970."""
        return last_time(self.limited.source, self.limited.counted)

    def histories(self, config: Config) -> Histories:
        """Return what users, sessions and guests did."""
        return histories_of(self.limited.source, config, counted=self.limited.counted, as_of=self.as_of)


def training_events(dataset: Dataset, config: Config) -> TrainingEvents:
    """Return what of a dataset trains; raises DataError where nothing is left once returns are netted."""
    kept = net_of_returns(dataset.events)
    weighed = kept.where(~kept.is_type(*OWNERSHIP_TYPES) | kept.is_type(*config.event_weights))
    limited = Influence(**config.influence.model_dump()).limit(weighed)
    main_type = main_event_type(weighed, config.event_weights, limited.counted)
    return TrainingEvents(kept, limited, weighed.where(limited.counted & weighed.is_type(main_type)), main_type)


def assemble(
    dataset: Dataset,
    config: Config,
    training: TrainingEvents,
    bought: FittedPairs,
    taste: Taste,
    steps: FittedSteps,
    *,
    started_from: str | None = None,
    for_you_only: bool = False,
) -> Bundle:
    """Return the bundle of pairs, taste and steps up that were fitted, with the quick models, which are fitted here.

    `for_you_only` leaves out what only other placements ask: the index of similar items, chances of buying again.
    """
    goal, limited, as_of = training.goal, training.limited, training.as_of
    popularity = config.models.popularity
    repurchase = config.models.repurchase
    cycles = Repurchase(repurchase.horizon_days, repurchase.consumable_share).fit(
        goal, dataset.catalogue.category, as_of, learn=not for_you_only
    )
    buyers = taste.user_items.getnnz(axis=0)
    supported = (buyers >= config.models.co_purchase.min_support) & (not for_you_only)
    similar_index, similar_recall = _similar_index(taste.als, supported, config)
    return Bundle(
        manifest=Manifest(
            created_at=rfc3339(int(datetime.now(UTC).timestamp())),
            as_of=None if as_of is None else rfc3339(as_of),
            main_event=training.main_type,
            n_users=len(dataset.users),
            n_sessions=len(dataset.sessions),
            n_items=len(dataset.items),
            n_events=len(dataset.events),
            withheld=limited.withheld,
            burst_items=_burst_items(limited, dataset.items),
            data_sha256=fingerprint(dataset.events),
            config=config_record(config),
            index_recall={"als_index": taste.als_recall, "similar_index": similar_recall},
            solver=solver_name(taste.solver),
            weights={"regularization": taste.als.regularization, "unobserved_weight": taste.als.unobserved_weight},
            warm_start=started_from,
            log_position=dataset.log_position,
            libraries={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        ),
        config=config,
        users=dataset.users,
        sessions=dataset.sessions,
        items=dataset.items,
        catalogue=dataset.catalogue,
        histories=taste.histories,
        als=taste.als,
        item_knn=taste.item_knn,
        ease=taste.ease,
        co_purchase=bought.pairs,
        pair_facts=bought.facts,
        category_purchase=bought.of_categories,
        popular=taste.popular,
        trending=Trending(popularity.trending_days).fit(goal, len(dataset.items), as_of),
        new_arrivals=NewArrivals(popularity.new_days).fit(
            limited.source, dataset.catalogue.created_at, counted=limited.counted
        ),
        als_index=taste.als_index,
        similar_index=similar_index,
        similar=SimilarityModel.empty(len(dataset.items)),
        bought_within=steps.bought_within,
        trade_ups=steps.trade_ups,
        cycles=cycles,
        ownership=owned(
            training.kept, dataset.catalogue, cycles, config.ownership, config.models.repurchase.horizon_days
        ),
    )


def precompute(bundle: Bundle, *, progress: Progress = silent) -> Bundle:
    """Return the bundle with what makes it answer faster and changes no answer: the lists of similar items."""
    similar = nearest_neighbours(bundle.similar_index, bundle.als.item_factors, progress=progress)
    return replace(bundle, similar=similar)


def _burst_items(limited: Limited, items: IdMap) -> list[str]:
    """Return the items of the largest bursts, the largest first."""
    by_size = sorted(limited.bursts, key=lambda burst: burst.expected - burst.newcomers)
    return list(dict.fromkeys(items.id_of(burst.item) for burst in by_size))[:MOST_BURST_ITEMS]


def _fit_steps(goal: Events, as_of: int | None, dataset: Dataset, config: Config, progress: Progress) -> FittedSteps:
    up_sell = config.models.up_sell
    model = UpSell(
        up_sell.low, up_sell.high, up_sell.strength, config.models.co_purchase.min_support, up_sell.max_candidates
    )
    trade_ups = model.fit(goal, dataset.catalogue, as_of, progress=progress)
    return FittedSteps(trade_ups, BoughtWithin().fit(goal, dataset.catalogue.category, as_of, progress=progress))


def _similar_index(als: FactorModel, supported: NDArray[np.bool_], config: Config) -> tuple[ItemIndex, float]:
    """Return the index of similar items of those with enough customers: a cosine can't tell one from many."""
    vectors = als.item_factors * supported[:, None]
    queries = vectors[sample(np.flatnonzero(vectors.any(axis=1)))]
    return build_index(vectors, "cosine", config.index, queries)


def fingerprint(events: Events) -> str:
    """Return the SHA-256 of all columns of the events that a model is fitted on."""
    digest = hashlib.sha256()
    columns = (events.user, events.session, events.order, events.item, events.event_type, events.time, events.quantity)
    for column in columns:
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
