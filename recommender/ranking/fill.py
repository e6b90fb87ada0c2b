"""Filling a slate down a ladder of sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.ranking.candidates import Candidates, Source
from recommender.ranking.rules import Rules

MARGIN = 20
MOST_STRUCK_OUT = 300


@dataclass(frozen=True, slots=True)
class Chosen:
    """One place of a slate; `rung` is the position of its source on the ladder."""

    item: int
    score: float
    support: int
    rung: int


@dataclass(slots=True)
class Filled:
    """What a slate came to: the chosen items in order, and how many better-ranked ones each rule removed."""

    chosen: list[Chosen] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def fill(ladder: Sequence[Source], k: int, rules: Rules) -> Filled:
    """Return up to `k` items that obey the rules, from the first source as far as it reaches, then from the next.

    A source is first asked for somewhat more than is needed. Where rules leave too few, it is asked for its best among
    the allowed items, so a slate is only short when no source has more.
    """
    filled = Filled()
    groups = rules.taken_groups()
    taken = set(rules.anchors.tolist())
    allowed = None  # a mask of all items takes long to make and most slates never need it
    for rung, source in enumerate(ladder):
        wanted = 2 * k + MARGIN + min(rules.names_items, MOST_STRUCK_OUT)
        pool = source.top(wanted)
        _take(filled, pool, rung, k, rules, taken, groups)
        while len(filled.chosen) < k and len(pool.items) == wanted:
            wanted *= 4
            allowed = rules.allowed() if allowed is None else allowed
            allowed[list(taken)] = False
            pool = source.within(allowed, wanted)
            _take(filled, pool, rung, k, rules, taken, groups)
        if len(filled.chosen) == k:
            break
    return filled


def _take(filled: Filled, pool: Candidates, rung: int, k: int, rules: Rules, taken: set[int], groups: set[int]) -> None:
    """Move the best of a pool that obey the rules into the slate, counting what each rule removes on the way."""
    reasons: list[str | None] = [None] * len(pool.items)
    for rule, broken in rules.broken_by(pool.items).items():
        for place in np.flatnonzero(broken).tolist():
            reasons[place] = reasons[place] or rule
    group_of = rules.catalogue.group[pool.items].tolist() if rules.one_per_group else None
    for place, item in enumerate(pool.items.tolist()):
        if len(filled.chosen) == k:
            return
        if item in taken:
            continue
        taken.add(item)
        reason = reasons[place]
        if reason is None and group_of is not None:
            reason = "variant" if group_of[place] in groups else None
            groups.add(group_of[place])
        if reason is not None:
            filled.dropped[reason] += 1
            continue
        score = min(max(float(pool.scores[place]), 0.0), 1.0)
        filled.chosen.append(Chosen(item, score, int(pool.support[place]), rung))
