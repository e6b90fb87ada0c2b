"""Slates for many users or items, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from recommender.bundle import Bundle
from recommender.placements import Query, choose

Row: TypeAlias = tuple[str, str, int, float, str]
"""The id asked about, then item id, rank, score and source of one place of its slate."""


@dataclass(frozen=True, slots=True)
class Question:
    """The question that is asked again and again, each time with another user or item."""

    placement: str
    k: int
    asked_with: Literal["user_id", "item_id"]

    def about(self, asked_id: str) -> Query:
        """Return the query for one user or item."""
        if self.asked_with == "user_id":
            return Query(self.placement, self.k, user_id=asked_id)
        return Query(self.placement, self.k, item_ids=(asked_id,))


@dataclass(frozen=True, slots=True)
class Slates:
    """Some slates as rows, in the order asked; `unknown` counts the ids among the `asked` that the bundle lacks."""

    rows: list[Row]
    asked: int
    unknown: int


def make_slates(question: Question, bundle: Bundle, ids: list[str]) -> Slates:
    """Return what `recommend` answers for each id, without the reasons."""
    rows: list[Row] = []
    unknown = 0
    for asked_id in ids:
        choice = choose(bundle, question.about(asked_id))
        unknown += bool(choice.asked.unknown)
        rows += [(asked_id, *row) for row in choice.rows(bundle)]
    return Slates(rows, len(ids), unknown)
