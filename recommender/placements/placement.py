"""What every placement is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from recommender.bundle import Bundle
from recommender.placements.asked import Asked
from recommender.ranking import Chosen, Source

Reason = dict[str, Any]
Explain = Callable[[list[Chosen]], list[Reason]]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a fallback ladder.

    `name` is what the answer gives as `source`; `explain` turns the chosen items of this rung into their reasons;
    `fallback` marks rungs that are not the placement's own answer.
    """

    name: str
    source: Source
    explain: Explain
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A slot of a shop page.

    `question` is a heading as a page would show it; `anchor` is what the placement needs to be asked with; `ladder`
    builds its sources, best first.
    """

    name: str
    question: str
    anchor: Literal["item", "user"] | None
    ladder: Callable[[Bundle, Asked], list[Rung]]
