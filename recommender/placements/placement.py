"""What every placement is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.ranking import Chosen, Source

Reason = dict[str, Any]
Explain = Callable[[list[Chosen]], list[Reason]]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a fallback ladder.

    `name` is what the answer gives as `source`, unless `sources` names one for each item, shape (n,); `explain` turns
    the chosen items of this rung into their reasons; `fallback` marks rungs that are not the placement's own answer.
    """

    name: str
    source: Source
    explain: Explain
    fallback: bool = False
    sources: Callable[[NDArray[np.int32]], list[str]] | None = None

    def sources_of(self, chosen: list[Chosen]) -> list[str]:
        """Return what the answer gives as `source` of each chosen item."""
        if self.sources is None:
            return [self.name] * len(chosen)
        return self.sources(np.array([one.item for one in chosen], dtype=np.int32))


@dataclass(frozen=True, slots=True)
class Contribution:
    """A part of a score that is a sum; `anchor` is the item of the history it goes back to, None where to none."""

    source: str
    score: float
    anchor: int | None = None


def no_contributions(_: Bundle, __: Asked, ___: int) -> list[Contribution]:
    """Return nothing: the scores of most placements are no sums."""
    return []


@dataclass(frozen=True, slots=True)
class Placement:
    """A slot of a shop page.

    `question` is a heading as a page would show it; `anchor` is what the placement needs to be asked with; `ladder`
    builds its sources, best first; `contributions` takes the score that the first source gives an item apart.
    """

    name: str
    question: str
    anchor: Literal["item", "basket", "user"] | None
    ladder: Callable[[Bundle, Asked], list[Rung]]
    contributions: Callable[[Bundle, Asked, int], list[Contribution]] = no_contributions
