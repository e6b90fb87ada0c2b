"""What came of recommendations: how many showings were clicked and bought from, by placement and by item.

A *showing* is an answer before the eyes of one visitor: the pair of a `rec_id` and the user, else the session, else the
order, whose events name it. It counts once, however often it was clicked. Where the pages of a placement send no
impressions nobody knows what was seen, and its *answers* are counted instead, each once, as the log keeps them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from recommender.dataset.event_names import names_of
from recommender.event_log.proportions import Proportion, design_effect, proportion
from recommender.event_log.schema import EVENTS, MERGES, SLATES

Base = Literal["showings", "answers"]

LATE_SECONDS = 3600
"""Rows stand about in the order of their receipt, since several processes write: none is later than this."""

VISITOR = func.coalesce(EVENTS.c.user_id, MERGES.c.user_id, EVENTS.c.session_id, EVENTS.c.order_id)
NAMED = EVENTS.join(SLATES, EVENTS.c.rec_id == SLATES.c.rec_id).outerjoin(
    MERGES, EVENTS.c.session_id == MERGES.c.session_id
)
"""Events that name an answer the log has, with the user their session was joined to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one placement; `clicked` and `bought` are shares of what `base` says was counted.

    `visitors` is 0 where answers are counted; `revenue` sums what was bought, by currency ("" where none was sent).
    """

    placement: str
    base: Base
    counted: int
    visitors: int
    clicked: Proportion
    bought: Proportion
    revenue: dict[str, float]


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """In how many showings an item was seen, clicked and bought."""

    item_id: str
    shown: int
    clicked: int
    bought: int


@dataclass
class _Seen:
    """The showings of one placement: [all, clicked, bought from] by visitor, and the answers they are of."""

    impressions: bool = False
    by_visitor: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    earlier: set[str] = field(default_factory=set)
    clicked: set[str] = field(default_factory=set)
    bought: set[str] = field(default_factory=set)


def outcomes(connection: Connection, since: float) -> list[Outcome]:
    """Return what came of each placement since a time (seconds since 1970), ordered by placement.

    Showings of one visitor are more alike than those of several; the intervals are wider by their design effect.
    """
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for placement, rec_id, visitor, served_at, impression, click, purchase in connection.execute(
        _showings(connection, since)
    ):
        one = seen[placement]
        one.impressions |= bool(impression)
        for place, counts in enumerate((True, click, purchase)):
            one.by_visitor[visitor][place] += bool(counts)
        for answers, counts in ((one.earlier, served_at < since), (one.clicked, click), (one.bought, purchase)):
            if counts:
                answers.add(rec_id)
    served = select(SLATES.c.placement, func.count()).where(SLATES.c.served_at >= since).group_by(SLATES.c.placement)
    answered: dict[str, int] = dict(connection.execute(served).all())
    revenue = _revenue(connection, since)
    return [
        _outcome(placement, seen[placement], answered.get(placement, 0), revenue.get(placement, {}))
        for placement in sorted(seen.keys() | answered.keys())
    ]


def top_items(connection: Connection, since: float, placement: str | None = None, most: int = 20) -> list[ItemOutcome]:
    """Return the items that were bought, clicked and seen most out of one placement's answers, or out of all."""
    kinds = {kind: _any(kind).label(kind) for kind in ("impression", "view", "purchase")}
    of_placement = () if placement is None else (SLATES.c.placement == placement,)
    showings = (
        select(EVENTS.c.item_id, *kinds.values())
        .select_from(NAMED)
        .where(*_period(connection, since), *of_placement)
        .group_by(EVENTS.c.item_id, EVENTS.c.rec_id, VISITOR)
        .subquery()
    )
    shown, clicked, bought = (func.sum(showings.c[kind]) for kind in kinds)
    rows = connection.execute(
        select(showings.c.item_id, shown, clicked, bought)
        .group_by(showings.c.item_id)
        .having(shown + clicked + bought > 0)
        .order_by(bought.desc(), clicked.desc(), shown.desc(), showings.c.item_id)
        .limit(most)
    )
    return [ItemOutcome(*row) for row in rows]


def _outcome(placement: str, seen: _Seen, answered: int, revenue: dict[str, float]) -> Outcome:
    if not seen.impressions:
        counted = answered + len(seen.earlier)
        clicked, bought = (proportion(len(answers), counted) for answers in (seen.clicked, seen.bought))
        return Outcome(placement, "answers", counted, 0, clicked, bought, revenue)
    shown, *led = zip(*seen.by_visitor.values(), strict=True)
    clicked, bought = (proportion(sum(these), sum(shown), design_effect(these, shown)) for these in led)
    return Outcome(placement, "showings", sum(shown), len(shown), clicked, bought, revenue)


def _showings(connection: Connection, since: float) -> Select[Any]:
    return (
        select(
            SLATES.c.placement,
            SLATES.c.rec_id,
            VISITOR,
            SLATES.c.served_at,
            _any("impression"),
            _any("view", "add_to_cart"),
            _any("purchase"),
        )
        .select_from(NAMED)
        .where(*_period(connection, since))
        .group_by(SLATES.c.placement, SLATES.c.rec_id, VISITOR, SLATES.c.served_at)
    )


def _revenue(connection: Connection, since: float) -> dict[str, dict[str, float]]:
    currency = func.coalesce(EVENTS.c.currency, "")
    spent = func.sum(EVENTS.c.price * func.coalesce(EVENTS.c.quantity, 1.0))
    rows = connection.execute(
        select(SLATES.c.placement, currency, spent)
        .select_from(NAMED)
        .where(*_period(connection, since), EVENTS.c.event.in_(names_of("purchase")), EVENTS.c.price.is_not(None))
        .group_by(SLATES.c.placement, currency)
    )
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for placement, code, total in rows:
        found[placement][code] = float(total)
    return found


def _any(*kinds: str) -> ColumnElement[int]:
    """Return 1 for groups with an event of these kinds."""
    names = [name for kind in kinds for name in names_of(kind)]
    return func.max(case((EVENTS.c.event.in_(names), 1), else_=0))


def _period(connection: Connection, since: float) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a period; rows before it are passed over by their number, which has an index."""
    low, high = 0, connection.scalar(select(func.max(EVENTS.c.position_in_log))) or 0
    while low < high:
        middle = (low + high) // 2
        at = select(EVENTS.c.received_at).where(EVENTS.c.position_in_log >= middle)
        received = connection.scalar(at.order_by(EVENTS.c.position_in_log).limit(1))
        if received is None or received >= since - LATE_SECONDS:
            high = middle
        else:
            low = middle + 1
    return EVENTS.c.position_in_log >= low, EVENTS.c.received_at >= since, EVENTS.c.rec_id.is_not(None)
