"""fold: from a live bundle and what happened since to the next one, without the slow fits.

Item factors, neighbours of item-knn and EASE and steps up stay as they are; new items get factors from their like and
from their first events. What is bought together is counted anew for the items of which enough purchases are new. All
that is quick is fitted on all events: histories, best sellers, trending, new arrivals, repurchase, ownership, indexes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Catalogue, Dataset, Events, IdMap, first_places
from recommender.index import nearest_neighbours, renewed_neighbours
from recommender.models import (
    FactorModel,
    FittedPairs,
    Popularity,
    SimilarityModel,
    fold_in_items,
    mean_of_alike,
    renumbered,
    renumbered_pairs,
    renumbered_trade_ups,
    with_rows_of,
)
from recommender.pipeline.fit import FittedSteps, TrainingEvents, assemble, training_events
from recommender.pipeline.pairs import fit_some_pairs
from recommender.pipeline.taste import Taste, index_of_factors, user_items_of
from recommender.progress import Progress, silent

Numbers = NDArray[np.int64]

RENEWED_SHARE = 0.01
"""Of an item's purchases; what is bought with an item changes little by fewer, and such items are most of the work."""


@dataclass(frozen=True)
class Carried:
    """A live bundle in the numbers that ids and catalogue of now give to items and categories."""

    live: Bundle
    item_ids: IdMap
    catalogue: Catalogue

    @cached_property
    def items(self) -> Numbers:
        """The number now of each item of the live bundle, -1 where it is gone."""
        return _numbers(list(self.live.items), list(self.item_ids))

    @cached_property
    def categories(self) -> Numbers:
        """The same of categories."""
        return _numbers(self.live.catalogue.categories, self.catalogue.categories)

    @cached_property
    def is_known(self) -> NDArray[np.bool_]:
        """Which items of now the live bundle has, shape (I,)."""
        known = np.zeros(len(self.item_ids), dtype=bool)
        known[self.items[self.items >= 0]] = True
        return known

    @cached_property
    def factors(self) -> FactorModel:
        """The item factors; rows of zeros for items that the live bundle does not know."""
        old = self.live.als
        rows = np.zeros((len(self.item_ids), old.factors), dtype=np.float32)
        rows[self.items[self.items >= 0]] = old.item_factors[self.items >= 0]
        return FactorModel(rows, old.regularization, old.alpha, old.unobserved_weight, old.regularization_exponent)

    def similar(self, model: SimilarityModel) -> SimilarityModel:
        """Return a model of items by items."""
        return renumbered(model, self.items, self.items, len(self.item_ids))[0]

    @cached_property
    def pairs(self) -> FittedPairs:
        """What is bought together."""
        found = FittedPairs(self.live.co_purchase, self.live.pair_facts, self.live.category_purchase)
        return renumbered_pairs(found, self.items, self.categories, len(self.item_ids), len(self.catalogue.categories))

    @cached_property
    def steps(self) -> FittedSteps:
        """Dearer items of the same need at the prices of now, and what is bought within a category."""
        trade_ups = renumbered_trade_ups(self.live.trade_ups, self.items, self.catalogue.price)
        return FittedSteps(trade_ups, self.similar(self.live.bought_within))


def fold_bundle(
    dataset: Dataset,
    config: Config,
    carried: Carried,
    *,
    new_items: bool = True,
    for_you_only: bool = False,
    progress: Progress = silent,
) -> Bundle:
    """Return the live bundle with the events of a dataset folded in, of which `carried` has ids and catalogue.

    Without `new_items` these get no factors. `for_you_only` leaves out what only other placements ask.

    Raises
    ------
    DataError
        If nothing is left to train on once returns are netted.
    """
    training, pairs = training_events(dataset, config), carried.pairs
    if not for_you_only or config.blend.co_purchase > 0:
        pairs = _recounted(dataset, training, carried, config, progress)
    taste = _taste(dataset, training, carried, config, new_items=new_items)
    return assemble(
        dataset,
        config,
        training,
        pairs,
        taste,
        carried.steps,
        started_from=carried.live.version,
        for_you_only=for_you_only,
    )


def similar_items(bundle: Bundle, carried: Carried, *, progress: Progress = silent) -> SimilarityModel:
    """Return the lists of similar items of a bundle that was folded: those of the live one, as far as they hold."""
    index, factors, live = bundle.similar_index, bundle.als.item_factors, carried.live
    before = carried.items[live.similar_index.items]
    if (before < 0).any():
        return nearest_neighbours(index, factors, progress=progress)
    similar = carried.similar(live.similar)
    return renewed_neighbours(index, factors, similar, before.astype(np.int32), progress=progress)


def _recounted(
    dataset: Dataset, training: TrainingEvents, carried: Carried, config: Config, progress: Progress
) -> FittedPairs:
    """Fit the items anew of whose purchases enough are later than the live bundle."""
    since = carried.live.as_of_seconds
    goal = training.goal
    fresh = renewed(goal.item, goal.item[goal.time > (since or 0)], len(dataset.items))
    if not fresh.any():
        return carried.pairs
    found = fit_some_pairs(goal, training.as_of, dataset, fresh, config, progress=progress)
    return with_rows_of(carried.pairs, found, fresh)


def renewed(items: NDArray[np.int32], new: NDArray[np.int32], n_items: int) -> NDArray[np.bool_]:
    """Return of which items, a mask of shape (I,), at least RENEWED_SHARE of all purchases are new.

    `items`, shape (n,), are those of all purchases, `new` those of the new ones among them.
    """
    every, fresh = (np.bincount(some, minlength=n_items) for some in (items, new))
    return (fresh > 0) & (fresh >= RENEWED_SHARE * every)


def _taste(dataset: Dataset, training: TrainingEvents, carried: Carried, config: Config, *, new_items: bool) -> Taste:
    live = carried.live
    n_items, n_known = len(dataset.items), len(dataset.users) + len(dataset.sessions)
    histories = training.histories(config)
    user_items = user_items_of(histories, n_known, n_items, config)
    als = _with_new_items(training.all, user_items, carried) if new_items else carried.factors
    index, recall = index_of_factors(als, user_items[:n_known], config)
    return Taste(
        histories=histories.first(n_known),
        user_items=user_items,
        als=als,
        item_knn=carried.similar(live.item_knn),
        ease=carried.similar(live.ease),
        popular=Popularity(config.models.popularity.half_life_days).fit(training.goal, n_items, training.as_of),
        als_index=index,
        als_recall=recall,
        solver=live.manifest.solver.split(" ")[0],
    )


def _with_new_items(events: Events, user_items: sp.csr_matrix, carried: Carried) -> FactorModel:
    """Give factors to the items without any that are new since the live bundle; others had too few customers then."""
    new = np.flatnonzero(~carried.is_known)
    catalogue = carried.catalogue
    traits = [catalogue.category]
    if "brand" in catalogue.columns:
        names, brand = catalogue.coded("brand")
        both = catalogue.category.astype(np.int64) * len(names) + brand
        both[(catalogue.category < 0) | (brand < 0)] = -1
        traits.insert(0, np.unique(both, return_inverse=True)[1].astype(np.int32) - bool((both < 0).any()))
    prior = mean_of_alike(carried.factors.item_factors, new, traits)
    return fold_in_items(carried.factors, user_items, new, prior, _exposure(events, new))


def _exposure(events: Events, new: Numbers) -> NDArray[np.float64]:
    """Return the share of users, sessions and guests who came since the first event of each item, shape (n,)."""
    first_seen = np.full(int(max(events.item.max(initial=0), new.max(initial=0))) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first_seen, events.item, events.time)
    actors, last = first_places(events.actor[::-1])
    last_seen = np.sort(events.time[::-1][last])
    came = len(actors) - np.searchsorted(last_seen, first_seen[new])
    return np.asarray(came / max(len(actors), 1))


def _numbers(old: list[bytes] | list[str], new: list[bytes] | list[str]) -> Numbers:
    place = {one: number for number, one in enumerate(new)}
    return np.array([place.get(one, -1) for one in old], dtype=np.int64)
