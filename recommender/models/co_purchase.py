"""What is bought with an item: pairs of customers and baskets, on priors of categories, factors and patterns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.matrix import decay
from recommender.models.basket_patterns import MOST_PATTERNS, BasketPatterns, dots, fit_basket_patterns
from recommender.models.basket_weights import basket_weights, rise
from recommender.models.baskets import Baskets, changes
from recommender.models.category_purchase import CategoryPurchase, fit_category_purchase
from recommender.models.chance import Chance, WithinCategories, pair_ratios
from recommender.models.customer_pairs import CustomerPairs, customer_pairs
from recommender.models.pair_blocks import pair_blocks
from recommender.models.pair_facts import CATEGORY, FACTORS, PAIR, PairFacts
from recommender.models.shared_owners import Owners
from recommender.models.similarity_model import SimilarityModel, best_per_row, similarity_of_rows
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

PAIRS_PER_BLOCK = 4_000_000

Floats = NDArray[np.float64]
Keys = NDArray[np.int64]
"""row * I + item, row counted from the start of a block."""


@dataclass(frozen=True, slots=True)
class Kinship:
    """What is known of items without looking at a pair.

    `category`, shape (I,), holds codes, -1 for none; `factors`, shape (I, F), are of length 1 or 0, `nearest` the
    neighbours in them that may be candidates.
    """

    category: NDArray[np.int32]
    factors: NDArray[np.float32]
    nearest: SimilarityModel


@dataclass(frozen=True, slots=True)
class FittedPairs:
    """What `CoPurchase` fits: the pairs of items, what is known of them, and what goes with each category."""

    pairs: SimilarityModel
    facts: PairFacts
    of_categories: SimilarityModel


@dataclass(frozen=True, slots=True)
class CoPurchase:
    """Co-purchase as a smoothed probability, times how much more often the other item is bought now.

    score(i -> j) = [W(i, j) + c V(i, j) + m P(j | category of i) exp(b cos(i, j)) + q P_R(j | i)] / [W(i) + c + m + q]
                    x rise(j) x (p / p_j)^d

    W is the weight of the baskets with both, or with i: size^-`size_exponent` each, less for customers of many baskets
    (`user_exponent`) and for old ones (`half_life_days`). V(i, j) is the share of i's customers who bought j within
    `window_days`, one who has n items counting 1/n; c = `customer_weight`. The prior, worth m = `prior_weight`, is
    what the item's category is bought with, towards items that lie in the same kind of baskets
    (b = `similarity_weight`; cos is that of basket factors and, to a half at most, of patterns). P_R is what the R
    leading patterns of all baskets say of the two (`BasketPatterns`), worth q = `pattern_weight` R / 512: few patterns
    tell little. An item that has no part in them has q = 0. rise is shrunk (`basket_weights.rise`);
    d = `popularity_discount` takes popularity out, p being the mean popularity of what is bought.

    W and V are 0 for pairs behind which fewer than `min_support` distinct customers stand: they neither rank nor show.
    Baskets of more than `max_basket_items` count nowhere.
    """

    min_support: int = 5
    window_days: float = 365.0
    max_neighbours: int = 100
    max_basket_items: int = 200
    size_exponent: float = 1.0
    user_exponent: float = 0.0
    half_life_days: float = 120.0
    recent_half_life_days: float = 14.0
    customer_weight: float = 0.1
    prior_weight: float = 5.0
    similarity_weight: float = 8.0
    pattern_weight: float = 40.0
    popularity_discount: float = 0.0

    def fit(
        self,
        baskets: Baskets,
        kinship: Kinship,
        *,
        as_of: int | None,
        n_anchors: int | None = None,
        progress: Progress = silent,
    ) -> FittedPairs:
        """Return what goes with each of the first `n_anchors` items (all, where None), and with each category.

        Ages count back from `as_of`, seconds since 1970.
        """
        baskets = baskets.up_to(self.max_basket_items)
        n_items = len(kinship.category)
        weights = basket_weights(
            baskets,
            as_of,
            size_exponent=self.size_exponent,
            user_exponent=self.user_exponent,
            half_life_days=self.half_life_days,
        )
        by_basket = baskets.matrix(n_items)
        rising = rise(by_basket, weights, decay(baskets.time, as_of, self.recent_half_life_days), kinship.category)
        categories = fit_category_purchase(
            baskets, weights, kinship.category, n_items, min_support=self.min_support, progress=progress
        )
        patterns = fit_basket_patterns(
            by_basket,
            weights,
            np.asarray(kinship.factors.any(axis=1)),
            kinship.factors,
            most=MOST_PATTERNS if self.pattern_weight > 0 else 0,
            least_weight=categories.most_unsupported,
            progress=progress,
        )
        chance = Chance.of(baskets, n_items)
        within = WithinCategories.of(baskets, chance, kinship.category)
        of_categories = categories.ranked(rising, self.max_neighbours)
        customers, customers_weight = customer_pairs(baskets, n_items, self.window_days)
        blocks = _Blocks(
            self,
            kinship,
            customers,
            customers_weight,
            in_baskets=Owners.of(by_basket, weights),
            item_weight=np.asarray(by_basket.T @ weights),
            patterns=patterns,
            has_patterns=patterns.known,
            pattern_weight=np.asarray(self.pattern_weight * patterns.telling * patterns.known, dtype=np.float64),
            multiplier=rising * self._discount(categories.popularity),
            categories=categories,
            of_categories=of_categories,
            chance=chance,
            within=within,
        )
        found = []
        anchors = customers.by_item if n_anchors is None else customers.by_item[:n_anchors]
        ranges = list(pair_blocks(anchors, customers.lengths, PAIRS_PER_BLOCK, customers.most_rows))
        with ThreadPoolExecutor(available_threads()) as pool, threadpool_limits(limits=1, user_api="blas"):
            for (_, end), rows in zip(ranges, pool.map(blocks.best, ranges), strict=True):
                found.append(rows)
                progress("fit co-purchase", end, n_items)
        row, item, score, support, ground, together, ratio, usual = (
            np.concatenate(part) for part in zip(*found, strict=True)
        )
        return FittedPairs(
            similarity_of_rows(row, item, score, support, n_items),
            PairFacts(
                ground=ground,
                together=together,
                ratio=ratio,
                category_ratio=within.ratios,
                usual=usual,
                baskets=np.bincount(baskets.items, minlength=n_items).astype(np.int32),
                n_baskets=np.array([len(baskets)]),
            ),
            of_categories,
        )

    def _discount(self, popularity: Floats) -> Floats:
        """Return (mean popularity of what is bought / popularity)^d, shape (I,)."""
        mean = float(popularity @ popularity) / max(float(popularity.sum()), 1e-12)
        return np.asarray((mean / np.maximum(popularity, 1e-12)) ** self.popularity_discount)


Rows = tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.int32],
    NDArray[np.uint8],
    NDArray[np.int32],
    NDArray[np.float32],
    NDArray[np.float32],
]
"""Anchor, item, score, support, ground, baskets together, ratio and usual ratio of pairs, each of shape (n,)."""


@dataclass(frozen=True)
class _Blocks:
    """What scoring the pairs of some anchors needs."""

    options: CoPurchase
    kinship: Kinship
    customers: CustomerPairs
    customers_weight: Floats
    in_baskets: Owners
    item_weight: Floats
    patterns: BasketPatterns
    has_patterns: NDArray[np.bool_]
    pattern_weight: Floats
    multiplier: Floats
    categories: CategoryPurchase
    of_categories: SimilarityModel
    chance: Chance
    within: WithinCategories

    def best(self, block: tuple[int, int]) -> Rows:
        """Return the best pairs of the anchors of a block."""
        start, end = block
        n_items = len(self.multiplier)
        options = self.options
        pairs, candidates = self.customers.pairs(start, end, options.min_support), self._candidates(start, end)
        keys = np.sort(np.concatenate([pairs.keys, candidates]), kind="stable")  # merges two that ascend
        keys = keys[changes(keys)]
        place = np.searchsorted(keys, pairs.keys)
        support, shared_weight = np.zeros(len(keys), dtype=np.int32), np.zeros(len(keys))
        support[place], shared_weight[place] = pairs.counts, pairs.weights
        is_pair = support > 0
        row, item = np.divmod(keys, n_items)
        anchor = row + start
        together, weight = (np.where(is_pair, found, 0.0) for found in self.in_baskets.at(start, end, keys))
        share = shared_weight / np.maximum(self.customers_weight, 1e-12)[anchor]
        category = self.kinship.category[anchor]
        from_category = self.categories.share(category, item)
        factor_cosine = dots(self.kinship.factors, anchor, item)
        in_patterns, cosine = self.patterns.of_pairs(anchor, item)
        leaning = self.patterns.telling / 2 * (self.has_patterns[anchor] & self.has_patterns[item])
        similar = np.exp(options.similarity_weight * (factor_cosine + leaning * (cosine - factor_cosine)))
        from_prior = options.prior_weight * from_category * similar
        from_patterns = self.pattern_weight[anchor] * in_patterns
        total = self.item_weight[start:end] + self.pattern_weight[start:end]
        evidence = weight + options.customer_weight * share + from_prior + from_patterns
        score = evidence / (total + options.customer_weight + options.prior_weight)[row] * self.multiplier[item]
        best = best_per_row(row, score.astype(np.float32), item, options.max_neighbours)
        keys, row, item, anchor, category = keys[best], row[best], item[best], anchor[best], category[best]
        is_pair, support, together = is_pair[best], support[best], together[best]
        from_category, similar = from_category[best], similar[best]
        prior_leads = from_prior[best] >= from_patterns[best]

        of_category = self.categories.supported(category, item)
        lift = from_category / np.maximum(self.categories.popularity[item], 1e-12)
        by_category = ~is_pair & (of_category > 0) & prior_leads & ((lift >= similar) | (similar <= 1))
        ground = np.where(is_pair, PAIR, np.where(by_category, CATEGORY, FACTORS)).astype(np.uint8)
        same = (category >= 0) & (category == self.kinship.category[item])
        expected = self.chance.of_items(start, end, keys)
        usual = np.ones(len(keys), dtype=np.float32)
        usual[same] = self.within.without(category[same], together[same], np.where(is_pair, expected, 0)[same])
        return (
            anchor.astype(np.int32),
            item.astype(np.int32),
            score[best].astype(np.float32),
            np.where(is_pair, support, np.where(by_category, of_category, 0)).astype(np.int32),
            ground,
            together.astype(np.int32),
            np.where(is_pair, pair_ratios(together, expected, usual), usual).astype(np.float32),
            usual,
        )

    def _candidates(self, start: int, end: int) -> Keys:
        """Return the candidates that need no pair: what goes with the category, and the nearest factors."""
        n_items = len(self.multiplier)
        bought = np.flatnonzero(self.categories.popularity[start:end] > 0)
        anchors: NDArray[np.int32] = (bought + start).astype(np.int32)
        codes = self.kinship.category[anchors]
        in_one = anchors[codes >= 0]
        whose, entries = self.of_categories.entries(codes[codes >= 0])
        near, nearest = self.kinship.nearest.entries(anchors)
        row = np.concatenate([in_one[whose], anchors[near]]).astype(np.int64)
        item = np.concatenate([self.of_categories.neighbours[entries], self.kinship.nearest.neighbours[nearest]])
        other = row != item
        keys = np.sort((row[other] - start) * n_items + item[other])
        return keys[changes(keys)]
