"""A bundle of a large shop, made without training: every fitted shape is drawn at random, of the size it would have.

What a request costs depends on how many items, factors, neighbours and pairs there are, on how skewed they are, and on
how many candidates filters strike out; it does not depend on whether somebody would like the answer. The same seed
gives the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.bundle import Bundle, Manifest
from recommender.bundle.manifest import config_record
from recommender.config import Config, parse_config
from recommender.dataset import Catalogue, IdMap
from recommender.index import build_index, nearest_neighbours
from recommender.matrix import Histories, Ownership
from recommender.models import FactorModel, ItemScores, PairFacts, PurchaseCycles, SimilarityModel, TradeUps
from recommender.progress import Progress, silent

AS_OF = 1_780_000_000
AS_OF_TEXT = "2026-05-28T20:26:40Z"
DAY = 86_400
DEPARTMENTS, SHELVES = 20, 10
BRANDS = 200
PAIRS_PER_ITEM = 50
BOUGHT_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class LargeShop:
    """How large it is; `events_per_user` is the mean number of different items in a history."""

    items: int = 100_000
    users: int = 1_000_000
    factors: int = 128
    events_per_user: int = 20
    seed: int = 0

    def bundle(self, progress: Progress = silent) -> Bundle:
        """Return the bundle in memory: at the default size in about two minutes, and about 1 GB."""
        rng = np.random.default_rng(self.seed)
        config = parse_config({"models": {"als": {"factors": self.factors}}})
        catalogue = self._catalogue(rng)
        factors = self._item_factors(rng, catalogue.category)
        queries = factors[rng.integers(0, self.items, 100)]
        similar_index, similar_recall = build_index(factors, "cosine", config.index, queries)
        als_index, als_recall = build_index(factors, "inner_product", config.index, queries)
        similar = nearest_neighbours(similar_index, factors, progress=progress)
        histories = self._histories(rng)
        owned = np.bincount(histories.items[histories.bought > 0], minlength=self.items)
        pairs = _shuffled_pairs(rng, similar)
        consumable = rng.random(self.items) < 0.3
        return Bundle(
            manifest=self._manifest(config, {"als_index": als_recall, "similar_index": similar_recall}),
            config=config,
            users=_ids("u", self.users),
            sessions=_ids("s", 0),
            items=_ids("i", self.items),
            catalogue=catalogue,
            histories=histories,
            als=FactorModel(factors, 10.0, config.models.als.alpha, 0.1),
            item_knn=similar,
            ease=SimilarityModel.empty(self.items),
            co_purchase=pairs,
            pair_facts=_pair_facts(rng, pairs, owned, len(catalogue.categories)),
            category_purchase=SimilarityModel.empty(len(catalogue.categories)),
            popular=_scores(owned),
            trending=_scores(rng.permutation(owned)),
            new_arrivals=_scores(np.where(rng.random(self.items) < 0.01, owned + 1, 0)),
            als_index=als_index,
            similar_index=similar_index,
            similar=similar,
            bought_within=SimilarityModel.empty(self.items),
            trade_ups=_no_trade_ups(owned, catalogue.price),
            cycles=PurchaseCycles.empty(self.users, consumable),
            ownership=_owned(histories),
        )

    def _manifest(self, config: Config, recall: dict[str, float]) -> Manifest:
        return Manifest(
            created_at=AS_OF_TEXT,
            as_of=AS_OF_TEXT,
            main_event="purchase",
            n_users=self.users,
            n_sessions=0,
            n_items=self.items,
            n_events=self.users * self.events_per_user,
            data_sha256="",
            config=config_record(config),
            index_recall=recall,
            weights={"regularization": 10.0, "unobserved_weight": 0.1},
        )

    def _catalogue(self, rng: np.random.Generator) -> Catalogue:
        shelf = rng.integers(0, DEPARTMENTS * SHELVES, self.items)
        columns: dict[str, Any] = {
            "listed": np.ones(self.items, dtype=bool),
            "in_stock": rng.random(self.items) < 0.95,
            "title": [f"Thing number {number}" for number in range(self.items)],
            "category": [f"Department {at // SHELVES} > Shelf {at % SHELVES}" for at in shelf.tolist()],
            "brand": [f"Brand {at}" for at in rng.integers(0, BRANDS, self.items).tolist()],
            "price": np.exp(rng.normal(3, 1, self.items)).round(2),
            "url": [f"https://shop.example/p/{number}" for number in range(self.items)],
        }
        return Catalogue(pa.table(columns))

    def _item_factors(self, rng: np.random.Generator, category: NDArray[np.int32]) -> NDArray[np.float32]:
        """Items of a category lie together; columns are orthogonal and fall off in length, as those of a fit do."""
        centres = rng.normal(size=(int(category.max()) + 1, self.factors))
        raw = 0.7 * centres[category] + rng.normal(size=(self.items, self.factors))
        _, basis = np.linalg.eigh(raw.T @ raw)
        lengths = 0.3 / np.sqrt(np.arange(1, self.factors + 1))
        return np.ascontiguousarray(raw @ basis[:, ::-1] * lengths, dtype=np.float32)

    def _histories(self, rng: np.random.Generator) -> Histories:
        """Each user has different items, popular ones more often; a few users have very many."""
        lengths = np.minimum(rng.geometric(1 / self.events_per_user, self.users), 500)
        user = np.repeat(np.arange(self.users, dtype=np.int64), lengths)
        rank_of = rng.permutation(self.items)
        item = rank_of[(self.items * rng.random(len(user)) ** 3).astype(np.int64)]
        keys = np.unique(user * self.items + item)
        indptr = np.searchsorted(keys, np.arange(self.users + 1, dtype=np.int64) * self.items)
        bought = (rng.random(len(keys)) < BOUGHT_SHARE).astype(np.float32)
        return Histories(
            indptr=indptr.astype(np.int64),
            items=(keys % self.items).astype(np.int32),
            values=(1 + 9 * bought).astype(np.float32),
            last_time=AS_OF - rng.integers(0, 365 * DAY, len(keys)),
            bought=bought,
        )


def write_ids(letter: str, n: int) -> list[str]:
    """Return the ids of a large shop: a letter and eight digits, in byte order."""
    return [f"{letter}{number:08d}" for number in range(n)]


def _ids(letter: str, n: int) -> IdMap:
    blob = np.frombuffer("".join(write_ids(letter, n)).encode(), dtype=np.uint8)
    return IdMap(blob, np.arange(n + 1, dtype=np.int64) * 9)


def _shuffled_pairs(rng: np.random.Generator, similar: SimilarityModel) -> SimilarityModel:
    """As many pairs as a fit keeps: the neighbours of some other item each, with falling scores and some support."""
    n_items = len(similar.indptr) - 1
    other = rng.permutation(n_items)
    items = np.flatnonzero(np.diff(similar.indptr)[other] >= PAIRS_PER_ITEM)
    neighbours = similar.neighbours[similar.indptr[other[items]][:, None] + np.arange(PAIRS_PER_ITEM)].ravel()
    lengths = np.zeros(n_items, dtype=np.int64)
    lengths[items] = PAIRS_PER_ITEM
    scores = np.tile(np.linspace(0.5, 0.01, PAIRS_PER_ITEM, dtype=np.float32), len(items))
    support = rng.integers(5, 200, len(neighbours)).astype(np.int32)
    return SimilarityModel(np.concatenate([[0], np.cumsum(lengths)]), neighbours, scores, support)


def _pair_facts(
    rng: np.random.Generator, pairs: SimilarityModel, owned: NDArray[np.int64], categories: int
) -> PairFacts:
    n = len(pairs.neighbours)
    return PairFacts(
        ground=np.zeros(n, dtype=np.uint8),
        together=pairs.support,
        ratio=np.exp(rng.normal(0, 0.5, n)).astype(np.float32),
        usual=np.ones(n, dtype=np.float32),
        category_ratio=np.ones(categories, dtype=np.float32),
        baskets=owned.astype(np.int32),
        n_baskets=np.array([owned.sum()], dtype=np.int64),
    )


def _scores(counts: NDArray[np.int64]) -> ItemScores:
    return ItemScores((counts / max(int(counts.max()), 1)).astype(np.float32), counts.astype(np.int32))


def _no_trade_ups(owned: NDArray[np.int64], price: NDArray[np.float64]) -> TradeUps:
    nothing = np.zeros(0, dtype=np.int32)
    start = np.zeros(len(owned) + 1, dtype=np.int64)
    return TradeUps(
        start, nothing, nothing.astype(np.float32), nothing, owned.astype(np.int32), price.astype(np.float32)
    )


def _owned(histories: Histories) -> Ownership:
    """All that was bought, hidden for ever: durables of a shop without a policy."""
    kept = histories.bought > 0
    before = np.concatenate([[0], np.cumsum(kept)])
    n = int(before[-1])
    return Ownership(
        indptr=before[histories.indptr].astype(np.int64),
        items=histories.items[kept],
        source=np.zeros(n, dtype=np.uint8),
        time=histories.last_time[kept],
        hidden_until=np.full(n, np.iinfo(np.int64).max),
    )
