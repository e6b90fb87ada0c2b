"""The bundle in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from weakref import WeakKeyDictionary

from recommender.bundle.manifest import Manifest
from recommender.bundle.prepared import PreparedAnswers
from recommender.config import Config
from recommender.dataset import Catalogue, IdMap
from recommender.index import ItemIndex
from recommender.matrix import Histories, Ownership
from recommender.models import FactorModel, ItemScores, PairFacts, PurchaseCycles, SimilarityModel, TradeUps

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Bundle:
    """All that answering a query needs, immutable and safe to share between threads.

    `histories` holds users, then sessions. The rows of `category_purchase` are categories, as `Catalogue.category`;
    `pair_facts` stand in the places of `co_purchase`.
    `als_index` searches by inner product, `similar_index` by cosine; `similar` holds what the latter
    answers about each of its own items, as far as that was computed before. `bought_within` has what buyers of an item
    bought of its category. `cycles` are those of users, `ownership`
    has users, then sessions. `prepared` holds answers about single items, by placement; others are worked out.
    """

    manifest: Manifest
    config: Config
    users: IdMap
    sessions: IdMap
    items: IdMap
    catalogue: Catalogue
    histories: Histories
    als: FactorModel
    item_knn: SimilarityModel
    ease: SimilarityModel
    co_purchase: SimilarityModel
    pair_facts: PairFacts
    category_purchase: SimilarityModel
    popular: ItemScores
    trending: ItemScores
    new_arrivals: ItemScores
    als_index: ItemIndex
    similar_index: ItemIndex
    similar: SimilarityModel
    bought_within: SimilarityModel
    trade_ups: TradeUps
    cycles: PurchaseCycles
    ownership: Ownership
    prepared: Mapping[str, PreparedAnswers] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Name of the version, as in the store."""
        return self.manifest.version

    @property
    def as_of_seconds(self) -> int | None:
        """The time of the last event in seconds since 1970 (UTC), None where events have no times."""
        as_of = self.manifest.as_of
        return None if as_of is None else int(datetime.fromisoformat(as_of).timestamp())


def derived(make: Callable[[Bundle], T]) -> Callable[[Bundle], T]:
    """Make a function of a bundle compute its result once per bundle, and forget it together with the bundle."""
    made: WeakKeyDictionary[Bundle, T] = WeakKeyDictionary()

    def of(bundle: Bundle) -> T:
        found = made.get(bundle)
        if found is None:
            found = made[bundle] = make(bundle)
        return found

    return of
