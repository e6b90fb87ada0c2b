"""Filling a slate down a ladder of sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.ranking.candidates import Candidates, Source
from recommender.ranking.diversity import Diversity
from recommender.ranking.rules import Rules, among

MARGIN = 20
MOST_STRUCK_OUT = 300
PER_PLACE, PER_DIVERSE_PLACE = 2, 6
"""Candidates that a source is asked for at first for each place of the slate; diversity needs some to choose from."""

NARROW = 0.2
"""Where a smaller share of the items than this meets the conditions, a source is only asked for what is among those."""


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


def fill(ladder: Sequence[Source], k: int, rules: Rules, diversity: Diversity | None = None) -> Filled:
    """Return up to `k` items that obey the rules, from the first source as far as it reaches, then from the next.

    A source is first asked for somewhat more than is needed; where few items meet the conditions, among those alone.
    Where rules leave too few, it is asked for its best among the allowed items, so a slate is only short when no source
    has more.
    """
    slate = _Slate(k, rules, diversity)
    for rung, source in enumerate(ladder):
        if slate.free_places:
            slate.take_from(source, rung)
    return slate.filled


class _Slate:
    """A slate that is being filled."""

    def __init__(self, k: int, rules: Rules, diversity: Diversity | None) -> None:
        self.filled = Filled()
        self._k = k
        self._rules = rules
        self._diversity = diversity
        self._caps = [(cap, dict.fromkeys(cap.taken, cap.most)) for cap in rules.caps()]
        self._taken = set(rules.anchors.tolist())
        self._lasting: NDArray[np.bool_] | None = None
        met = rules.meeting_conditions()
        share = 1.0 if met is None else np.count_nonzero(met) / max(len(met), 1)
        self._narrow = met if share < NARROW else None
        wanted = k * (PER_PLACE if diversity is None else PER_DIVERSE_PLACE) + MARGIN
        wanted += min(rules.names_items, MOST_STRUCK_OUT)
        self._wanted = int(wanted / share) if self._narrow is None else wanted

    @property
    def free_places(self) -> int:
        return self._k - len(self.filled.chosen)

    def take_from(self, source: Source, rung: int) -> None:
        """Move the best of a source that obey the rules into the slate."""
        wanted = self._wanted
        pool = source.top(wanted) if self._narrow is None else source.within(self._narrow, wanted)
        exhausted = len(pool.items) < wanted
        self._take(pool, rung)
        while self.free_places and not exhausted:
            wanted *= 4
            pool = source.within(self._allowed(), wanted)
            exhausted = len(pool.items) < wanted
            self._take(pool, rung)

    def _allowed(self) -> NDArray[np.bool_]:
        """Return a mask, shape (I,), of the items that may still be chosen."""
        if self._lasting is None:  # it takes long to make, and most slates never need it
            self._lasting = self._rules.allowed()
        allowed = self._lasting.copy()
        allowed[list(self._taken)] = False
        for cap, counts in self._caps:
            if full := [kind for kind, count in counts.items() if count >= cap.most]:
                allowed &= ~cap.holds_one_of(full)
        return allowed

    def _take(self, pool: Candidates, rung: int) -> None:
        """Move the best of a pool that obey the rules into the slate, counting what each rule removes on the way."""
        items = pool.items.tolist()
        broken_rule: list[str | None] = [None] * len(items)
        for rule, broken in self._rules.broken_by(pool.items).items():
            for place in np.flatnonzero(broken).tolist():
                broken_rule[place] = broken_rule[place] or rule
        caps = [(cap, counts, cap.codes[pool.items].tolist()) for cap, counts in self._caps]
        chosen, taken, dropped = self.filled.chosen, self._taken, self.filled.dropped
        last = 0
        for place in self._in_order(pool, broken_rule):
            item = items[place]
            if broken_rule[place] is not None or item in taken:
                continue
            taken.add(item)
            for cap, counts, kinds in caps:
                if counts.get(kinds[place], 0) >= cap.most:
                    dropped[cap.rule] += 1
                    break
            else:
                for _, counts, kinds in caps:
                    if kinds[place] >= 0:
                        counts[kinds[place]] = counts.get(kinds[place], 0) + 1
                score = min(max(float(pool.scores[place]), 0.0), 1.0)
                chosen.append(Chosen(item, score, int(pool.support[place]), rung))
                last = max(last, place)
                if len(chosen) == self._k:
                    break
        before_the_last = items if self.free_places else items[:last]
        for item, broken_by in zip(before_the_last, broken_rule, strict=False):
            if broken_by is not None and item not in taken:
                taken.add(item)
                dropped[broken_by] += 1

    def _in_order(self, pool: Candidates, broken_rule: list[str | None]) -> Iterable[int]:
        """Return the places of a pool in the order in which they are taken; under diversity only those that may be."""
        places = range(len(broken_rule))
        if self._diversity is None:
            return places
        fit = np.array([place for place in places if broken_rule[place] is None], dtype=np.int64)
        fit = fit[~among(pool.items[fit], np.array(list(self._taken), dtype=np.int32))]
        before = np.array([one.item for one in self.filled.chosen], dtype=np.int32)
        order = self._diversity.order(pool.items[fit], pool.scores[fit], before, self._k)
        return [int(place) for place in fit[order]]
