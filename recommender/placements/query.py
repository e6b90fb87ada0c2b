"""What is asked of a placement and what it answers: the contract that HTTP, shell and Python share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_K = 100


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a placement.

    `item_ids` is the anchor of an item placement or, for for-you, an anonymous history. `category` is a path ("A > B")
    at or below which answers must lie; prices are bounds, both inclusive; `filter` holds conditions on catalogue fields
    (`recommender.dataset.conditions`), all of which must be met; `exclude` names items never to be answered. `fields`
    are the catalogue fields wanted back, None for title, price, url and image_url. `diversity`, 0 to 1, `locale` and
    `complements_only` are those of the configuration where they are None. `complements_only`, of cross-sell,
    leaves out what takes the place of a basket item, or of another one shown. `explain` adds to each item what its
    score consists of.
    `strict` turns an unknown user, session or item into `UnknownIdError` instead of a fallback.
    """

    placement: str
    k: int = 10
    user_id: str | None = None
    session_id: str | None = None
    item_ids: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    filter: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    diversity: float | None = None
    locale: str | None = None
    explain: bool = False
    complements_only: bool | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Slate:
    """The ordered answer of a placement.

    `items` hold item_id, rank (from 1), score (0..1), source, reason ({"type", "text", ...}) and the catalogue's title,
    price, url, image_url, or the fields asked for, where known. `shortfall` is k minus their number; `dropped` counts
    what rules removed, by rule; `fallback` says why the placement's own source could not answer in full ({"type",
    "text"}), None where it could.
    """

    rec_id: str
    placement: str
    model_version: str
    items: list[dict[str, Any]]
    shortfall: int
    dropped: dict[str, int] = field(default_factory=dict)
    fallback: dict[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as HTTP and `recommend --json` give it."""
        return {
            "rec_id": self.rec_id,
            "placement": self.placement,
            "model_version": self.model_version,
            "items": self.items,
            "shortfall": self.shortfall,
            "dropped": self.dropped,
            "fallback": self.fallback,
        }
