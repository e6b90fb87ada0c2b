"""What a placement chose, and what the scores of it consist of, before a word is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from recommender.bundle import Bundle
from recommender.models import chances
from recommender.placements import reasons
from recommender.placements.asked import Asked
from recommender.placements.placement import Placement, Reason, Rung
from recommender.ranking import Chosen, Filled, Rules

PINNED = "pinned"
"""The source of items that a rule of the shop put in their place."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a placement chose, and under which rules, before a word is said about it."""

    placement: Placement
    asked: Asked
    ladder: list[Rung]
    rules: Rules
    filled: Filled

    @property
    def items(self) -> list[int]:
        """The items of the slate, best first."""
        return [one.item for one in self.filled.chosen]

    @property
    def own(self) -> int:
        """How many of them, the first ones, are the placement's own answer and no fallback."""
        return sum(not self.ladder[one.rung].fallback for one in self.filled.chosen)

    @property
    def sources(self) -> list[str]:
        """What a slate gives as the source of each item."""
        return [source for rung, chosen in self.by_rung for source in rung.sources_of(chosen)]

    def source_of(self, one: Chosen) -> str:
        """Return what a slate gives as the source of an item."""
        return self.ladder[one.rung].sources_of([one])[0]

    @property
    def by_rung(self) -> list[tuple[Rung, list[Chosen]]]:
        """The steps of the ladder that contributed, each with its items."""
        groups = groupby(self.filled.chosen, key=lambda one: one.rung)
        return [(self.ladder[position], list(group)) for position, group in groups]

    def reasons(self) -> Iterator[Reason]:
        """Yield why each item is there."""
        return (reason for rung, chosen in self.by_rung for reason in rung.explain(chosen))

    def calibration_of(self, one: Chosen) -> str:
        """Return the name of the curve that makes a chance of the score of an item."""
        return f"{self.placement.name}/{self.ladder[one.rung].name}"

    def scores(self, bundle: Bundle) -> list[float]:
        """Return the score of each place as the slate shows it: a chance where there is a curve for its source."""
        curves, found = bundle.manifest.calibrations, []
        for _, chosen in self.by_rung:
            scores = np.array([one.score for one in chosen])
            curve = curves.get(self.calibration_of(chosen[0]))
            found += (scores if curve is None else chances(curve, scores)).round(4).tolist()
        return found

    def rows(self, bundle: Bundle) -> list[tuple[str, int, float, str]]:
        """Return item id, rank, score and source of each place, as the slate shows them."""
        return [
            (bundle.items.id_of(item), rank, score, source)
            for rank, (item, score, source) in enumerate(
                zip(self.items, self.scores(bundle), self.sources, strict=True), start=1
            )
        ]


def explanations(bundle: Bundle, choice: Choice) -> Iterator[dict[str, Any]]:
    """Yield the raw score of each item of a choice, and what it is the sum of where it is one."""
    for rung, chosen in choice.by_rung:
        scores = _raw_scores(rung, chosen, len(bundle.items))
        own = not rung.fallback and rung.name != PINNED
        for one in chosen:
            parts = contributions_of(bundle, choice, one.item) if own else []
            yield {"raw_score": scores[one.item], "contributions": parts}


def contributions_of(bundle: Bundle, choice: Choice, item: int) -> list[dict[str, Any]]:
    """Return the parts of the score that the placement's own source gives an item, the largest first."""

    def named(anchor: int | None) -> dict[str, str]:
        return {} if anchor is None else {"item_id": bundle.items.id_of(anchor), "title": reasons.title(bundle, anchor)}

    parts = choice.placement.contributions(bundle, choice.asked, item)
    return [{"source": part.source, "score": part.score, **named(part.anchor)} for part in parts]


def _raw_scores(rung: Rung, chosen: list[Chosen], n_items: int) -> dict[int, float]:
    only = np.zeros(n_items, dtype=bool)
    only[[one.item for one in chosen]] = True
    found = rung.source.within(only, len(chosen))
    return dict(zip(found.items.tolist(), found.scores.tolist(), strict=True))
