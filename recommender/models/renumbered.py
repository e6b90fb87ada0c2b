"""Models of items that got other numbers: a catalogue grew or shrank since they were fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.models.co_purchase import FittedPairs
from recommender.models.similarity_model import SimilarityModel, similarity_of_rows
from recommender.models.trade_ups import TradeUps

PER_PAIR = ("ground", "together", "ratio", "usual")

Numbers = NDArray[np.int64]
"""The new number of each old one, -1 for what is gone, shape (old size,)."""


def renumbered(model: SimilarityModel, rows: Numbers, items: Numbers, n_rows: int) -> tuple[SimilarityModel, Numbers]:
    """Return a model with other numbers for rows and neighbours, and which of its entries are kept, in new order."""
    row = rows[np.repeat(np.arange(len(model.indptr) - 1), np.diff(model.indptr))]
    neighbour = items[model.neighbours]
    kept = np.flatnonzero((row >= 0) & (neighbour >= 0))
    kept = kept[np.argsort(row[kept], kind="stable")]
    moved = similarity_of_rows(
        row[kept].astype(np.int32),
        neighbour[kept].astype(np.int32),
        model.scores[kept],
        model.support[kept],
        n_rows,
    )
    return moved, kept


def renumbered_pairs(
    pairs: FittedPairs, items: Numbers, categories: Numbers, n_items: int, n_categories: int
) -> FittedPairs:
    """Return pairs with other numbers for items and categories."""
    model, kept = renumbered(pairs.pairs, items, items, n_items)
    per_pair = {name: np.asarray(getattr(pairs.facts, name)[kept]) for name in PER_PAIR}
    baskets = np.zeros(n_items, dtype=np.int32)
    baskets[items[items >= 0]] = pairs.facts.baskets[items >= 0]
    ratios = np.ones(n_categories, dtype=np.float32)
    there = np.flatnonzero(categories[: len(pairs.facts.category_ratio)] >= 0)
    ratios[categories[there]] = pairs.facts.category_ratio[there]
    facts = replace(pairs.facts, **per_pair, baskets=baskets, category_ratio=ratios)
    return FittedPairs(model, facts, renumbered(pairs.of_categories, categories, items, n_categories)[0])


def renumbered_trade_ups(trade_ups: TradeUps, items: Numbers, prices: NDArray[np.float64]) -> TradeUps:
    """Return steps up with other numbers for the items; `prices`, shape (I,), hold where they are known."""
    n_items = len(prices)
    row = items[np.repeat(np.arange(len(trade_ups.indptr) - 1), np.diff(trade_ups.indptr))]
    item = items[trade_ups.items]
    kept = np.flatnonzero((row >= 0) & (item >= 0))
    kept = kept[np.argsort(row[kept], kind="stable")]
    there = items[items >= 0]
    buyers, price = np.zeros(n_items, dtype=np.int32), np.full(n_items, np.nan)
    buyers[there], price[there] = trade_ups.buyers[items >= 0], trade_ups.price[items >= 0]
    return TradeUps(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=n_items))]),
        items=item[kept].astype(np.int32),
        chance=trade_ups.chance[kept],
        trade_ups=trade_ups.trade_ups[kept],
        buyers=buyers,
        price=np.where(np.isnan(prices), price, prices).astype(np.float32),
    )


def with_rows_of(pairs: FittedPairs, fresh: FittedPairs, rows: NDArray[np.bool_]) -> FittedPairs:
    """Return pairs in which some rows, a mask of shape (I,), and all that is not per pair come from `fresh`."""
    parts = []
    for one, mask in ((pairs, ~rows), (fresh, rows)):
        row = np.repeat(np.arange(len(rows)), np.diff(one.pairs.indptr))
        parts.append((one, row, np.flatnonzero(mask[row])))
    owner = np.concatenate([row[kept] for _, row, kept in parts]).astype(np.int32)
    order = np.argsort(owner, kind="stable")

    def column(name: str, of: str) -> NDArray[Any]:
        return np.concatenate([getattr(getattr(one, of), name)[kept] for one, _, kept in parts])[order]

    neighbours, scores, support = (column(name, "pairs") for name in ("neighbours", "scores", "support"))
    model = similarity_of_rows(owner[order], neighbours, scores, support, len(rows))
    facts = replace(fresh.facts, **{name: column(name, "facts") for name in PER_PAIR})
    return FittedPairs(model, facts, fresh.of_categories)
