"""Items bought together: counts over baskets, weighted against large ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY, decay
from recommender.models.pair_blocks import pair_blocks
from recommender.models.similarity_model import SimilarityModel
from recommender.models.threads import available_threads
from recommender.progress import Progress, silent

Rows = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]
"""Anchor, other item, score and support of some pairs, each of shape (n,)."""

PAIRS_PER_BLOCK = 4_000_000
LARGEST_KEY = 2**63 - 1
"""Anchor, item and actor of a pair share one int64: in a very large shop a block holds fewer anchors."""
RISE_SHRINKAGE = 2.0


@dataclass(frozen=True, slots=True)
class Baskets:
    """B baskets of distinct items.

    Attributes
    ----------
    indptr : int64, shape (B + 1,)
    items : int32, shape (nnz,)
    actor : int32, shape (B,)
        Who bought it.
    recency : float32, shape (B,)
        Decay weight of the last event: 1 for now, or where recency plays no part.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    actor: NDArray[np.int32]
    recency: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.actor)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Distinct items per basket, shape (B,)."""
        return np.diff(self.indptr)

    def of(self, basket: int) -> NDArray[np.int32]:
        """Return the items of one basket."""
        return self.items[self.indptr[basket] : self.indptr[basket + 1]]


def build_baskets(events: Events, *, as_of: int | None = None, recent_half_life_days: float = 0.0) -> Baskets:
    """Group events into baskets: by order, else by session, else by user and day (all of a user's, without times).

    Recency counts back from `as_of`, in seconds since 1970; without it all baskets are equally recent.
    """
    actor = events.actor
    day = events.time // SECONDS_PER_DAY if events.has_times else np.zeros(len(events))
    kind = np.where(events.order >= 0, 0, np.where(events.session >= 0, 1, 2)).astype(np.int8)
    key = np.choose(kind, [events.order, events.session, day.astype(np.int32)])
    # an order number that two users share is two baskets
    order = np.lexsort((events.item, key, kind, actor))
    first_line = _changes(actor[order]) | _changes(kind[order]) | _changes(key[order])
    distinct = first_line | _changes(events.item[order])
    starts = np.flatnonzero(first_line)
    recency = decay(events.time, as_of, recent_half_life_days)[order]
    return Baskets(
        indptr=np.append(np.flatnonzero(first_line[distinct]), np.count_nonzero(distinct)),
        items=events.item[order][distinct],
        actor=actor[order][starts],
        recency=np.maximum.reduceat(recency, starts) if len(starts) else recency,
    )


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value, shape (n,), differs from the one before it; the first does."""
    changed = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


@dataclass(frozen=True, slots=True)
class CoPurchase:
    """Co-purchase counts, each basket weighted by 1 / log(1 + its size).

    score(i -> j) = P(j | i) rise(j), where P(j | i) is the weighted share of i's baskets that also hold j, and rise(j)
    how much more often j is bought now than over the whole data: (weight of its recent baskets + 2) / (the weight its
    share of all baskets lets expect + 2), a basket counting as recent by its `recency`. So what goes with i stays apart
    from what sells this season, and each is estimated from all the data there is for it. Baskets of more than
    `max_basket_items` count nowhere. Pairs behind which fewer than `min_support` distinct users stand are never kept,
    neither for ranking nor for display.
    """

    min_support: int = 5
    max_neighbours: int = 100
    max_basket_items: int = 200

    def fit(
        self,
        baskets: Baskets,
        n_items: int,
        *,
        anchor_of: NDArray[np.int32] | None = None,
        stage: str = "fit co-purchase",
        progress: Progress = silent,
    ) -> SimilarityModel:
        """Return the neighbours of all `n_items` items, or of groups of items.

        `anchor_of`, shape (I,), says which row an item counts for: its category, say, or -1 for none. By default every
        item has its own. A row never holds the items that count for it.
        """
        anchor_of = np.arange(n_items, dtype=np.int32) if anchor_of is None else anchor_of
        n_anchors = int(anchor_of.max(initial=-1)) + 1
        sizes = baskets.sizes
        usable = np.flatnonzero((sizes >= 1) & (sizes <= self.max_basket_items))
        weight = 1 / np.log1p(sizes[usable])
        by_basket = _basket_matrix(baskets, n_items)[usable]
        actor = baskets.actor[usable]
        by_anchor = _anchor_matrix(by_basket, anchor_of, n_anchors)
        anchor_weight = by_anchor @ weight
        rise = _rise(by_basket, weight, baskets.recency[usable])

        n_actors = int(actor.max(initial=0)) + 1

        def best_of_block(block: tuple[int, int]) -> Rows:
            start, end = block
            baskets_of_block = by_anchor[start:end]
            total = (baskets_of_block @ sp.diags_array(weight) @ by_basket).tocsr()
            total.sort_indices()
            row = np.repeat(np.arange(end - start), np.diff(total.indptr))
            support = _distinct_actors(baskets_of_block, by_basket, actor, n_actors)
            keep = (support >= self.min_support) & (row + start != anchor_of[total.indices])
            anchor, other, support = row[keep] + start, total.indices[keep], support[keep]
            score = (total.data[keep] / anchor_weight[anchor] * rise[other]).astype(np.float32)
            best = _best_per_row(anchor, score, other, self.max_neighbours)
            return anchor[best], other[best].astype(np.int32), score[best], support[best].astype(np.int32)

        blocks = list(pair_blocks(by_anchor, sizes[usable], PAIRS_PER_BLOCK, LARGEST_KEY // (n_items * n_actors)))
        found: list[Rows] = []
        with ThreadPoolExecutor(available_threads()) as pool:
            for (_, end), rows in zip(blocks, pool.map(best_of_block, blocks), strict=True):
                found.append(rows)
                progress(stage, end, n_anchors)
        return _as_model(found, n_anchors)


def _basket_matrix(baskets: Baskets, n_items: int) -> sp.csr_array:
    ones = np.ones(len(baskets.items), dtype=np.float32)
    return sp.csr_array((ones, baskets.items, baskets.indptr), shape=(len(baskets), n_items))


def _anchor_matrix(by_basket: sp.csr_array, anchor_of: NDArray[np.int32], n_anchors: int) -> sp.csr_array:
    """Return which baskets, shape (anchors, B), hold an item of each anchor."""
    items = np.flatnonzero(anchor_of >= 0)
    members = sp.csr_array(
        (np.ones(len(items), dtype=np.float32), (items, anchor_of[items])), shape=(len(anchor_of), n_anchors)
    )
    by_anchor = (by_basket @ members).T.tocsr()
    by_anchor.data[:] = 1
    by_anchor.sort_indices()
    return by_anchor


def _rise(by_basket: sp.csr_array, weight: NDArray[np.float64], recency: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much more often each item, shape (I,), is bought in recent baskets, shrunk towards 1."""
    recent = by_basket.T @ (weight * recency)
    expected = (by_basket.T @ weight) * ((weight @ recency) / max(weight.sum(), 1e-12))
    return np.asarray((recent + RISE_SHRINKAGE) / (expected + RISE_SHRINKAGE))


def _distinct_actors(
    baskets_of_anchor: sp.csr_array, by_basket: sp.csr_array, actor: NDArray[np.int32], n_actors: int
) -> NDArray[np.int64]:
    """Return the number of distinct actors behind each pair of the block, in the order of the sorted product matrix."""
    basket = baskets_of_anchor.indices
    row = np.repeat(np.arange(baskets_of_anchor.shape[0]), np.diff(baskets_of_anchor.indptr))
    lengths = np.diff(by_basket.indptr)[basket]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    other = by_basket.indices[np.repeat(by_basket.indptr[basket], lengths) + within]
    key = np.repeat(row, lengths).astype(np.int64)
    key *= by_basket.shape[1]
    key += other
    key *= n_actors
    key += np.repeat(actor[basket], lengths)
    key.sort()
    pair = key[_run_starts(key)] // n_actors
    return np.diff(np.append(_run_starts(pair), len(pair)))


def _run_starts(values: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where each run of equal values starts."""
    return np.flatnonzero(_changes(values))


def _best_per_row(
    rows: NDArray[np.int32], scores: NDArray[np.float32], columns: NDArray[np.int32], most: int
) -> NDArray[np.int64]:
    """Return positions of the `most` best entries of each row, rows ascending, scores descending, ties by column."""
    order = np.lexsort((columns, -scores, rows))
    sorted_rows = rows[order]
    starts = _run_starts(sorted_rows)
    lengths = np.diff(np.append(starts, len(order)))
    place = np.arange(len(order)) - np.repeat(starts, lengths)
    return order[place < most]


def _as_model(found: list[Rows], n_rows: int) -> SimilarityModel:
    nothing = np.zeros(0, dtype=np.int32)
    blocks = [(nothing, nothing, nothing.astype(np.float32), nothing), *found]
    rows, columns, scores, supports = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
    return SimilarityModel(indptr, columns, scores, supports)
