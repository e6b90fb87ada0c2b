"""What users own and how long it stays hidden: facts, the policy of each category, and what the data teach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.config import OwnershipConfig, Policy
from recommender.dataset import NO_TIME, ROWS_AT_ONCE, Catalogue, Events, normal_category
from recommender.errors import ConfigError
from recommender.matrix import SECONDS_PER_DAY, Ownership, build_ownership, with_policy
from recommender.models import PurchaseCycles


def owned(
    events: Events, catalogue: Catalogue, cycles: PurchaseCycles, config: OwnershipConfig, horizon_days: float
) -> Ownership:
    """Return what users and sessions own by `events` net of returns, and until when it is hidden.

    Raises
    ------
    ConfigError
        If the configuration names a category that the catalogue does not have.
    """
    facts = build_ownership(events)
    consumable, hide_days = policies(catalogue, cycles.consumable, config)
    return with_policy(facts, consumable, hide_days, _offered_from(facts, cycles, horizon_days))


def policies(
    catalogue: Catalogue, learnt: NDArray[np.bool_], config: OwnershipConfig
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which items are consumables, and how many days the others are hidden, infinite for ever; shape (I,)."""
    consumable = learnt.copy()
    usual_days = np.inf if config.durable_days is None else config.durable_days
    hide_days = np.full(len(catalogue), usual_days)
    for path in sorted(config.categories, key=lambda name: len(normal_category(name))):
        inside = catalogue.in_category(path)
        if not inside.any():
            raise ConfigError(f"ownership.categories.{path!r}: the catalogue has no such category")
        policy: Policy = config.categories[path]
        if isinstance(policy, str):
            consumable[inside] = learnt[inside] if policy == "learnt" else policy == "consumable"
            hide_days[inside] = usual_days
        else:
            consumable[inside] = False
            hide_days[inside] = policy
    return consumable, hide_days


def _offered_from(facts: Ownership, cycles: PurchaseCycles, horizon_days: float) -> NDArray[np.int64]:
    """Return when each owned item, were it a consumable, may be offered again, shape (nnz,)."""
    early = cycles.item_early * cycles.item_gap_days
    wait = np.nan_to_num((early - horizon_days) * SECONDS_PER_DAY)
    n_items = len(cycles.consumable)
    codes = np.repeat(np.arange(len(cycles.indptr) - 1), np.diff(cycles.indptr)) * n_items + cycles.items
    actor, offered = facts.actor, np.empty(len(facts.items), dtype=np.int64)
    for start in range(0, len(offered), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        time, items = facts.time[some], facts.items[some]
        part = np.where(time == NO_TIME, NO_TIME, np.maximum(time + wait[items], time + 1)).astype(np.int64)
        wanted = actor[some] * n_items + items
        place = np.searchsorted(codes, wanted)
        known = place < len(codes)
        known[known] = codes[place[known]] == wanted[known]
        part[known] = np.maximum(part[known], cycles.offered_from[place[known]])
        offered[some] = part
    return offered
