"""Judges a batch of events: which rows pass, which are refused and why, which are left out. No state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import NO_TIME, RETURN, canonical_event
from recommender.ingest.checks import (
    Reason,
    Reasons,
    check_prices,
    check_quantities,
    check_times,
    first_reason,
    reason_where,
)
from recommender.ingest.columns import Column
from recommender.ingest.ids import IdColumn, no_ids, read_ids

ScalarT = TypeVar("ScalarT", bound=np.generic)

UNWEIGHTED, NAMELESS = 255, 254
"""Codes of event types that have no weight, and of rows that name none."""


@dataclass(frozen=True, slots=True)
class EventRows:
    """A judged batch of N rows.

    `reasons` says per row why it is refused; `keep`, shape (N,), selects the rows that become events. The other rows
    are refused, returns of guests, or of an event type without a weight (`left_out` counts these by name).
    """

    user: IdColumn
    session: IdColumn
    order: IdColumn
    item: IdColumn
    event_type: NDArray[np.uint8]
    time: NDArray[np.int64]
    quantity: NDArray[np.float32]
    price: NDArray[np.float64]
    reasons: Reasons
    keep: NDArray[np.bool_]
    left_out: Counter[str]
    guest_returns: int


def judge_events(
    columns: Mapping[str, Column], rows: int, types: Sequence[str], now: int, *, facts: bool = False
) -> EventRows:
    """Judge the columns, by our names, of `rows` rows; an event type is its position in `types`.

    Where the rows are `facts` of ownership, a type without a weight is a mistake instead of being left out.
    """
    user, session, order, item = (
        read_ids(columns[name]) if name in columns else no_ids(rows)
        for name in ("user_id", "session_id", "order_id", "item_id")
    )
    event_type, left_out = _event_types(columns.get("event"), rows, types)
    time, bad_time = _checked(columns.get("timestamp"), partial(check_times, now=now), rows, np.int64(NO_TIME))
    quantity, bad_quantity = _checked(columns.get("quantity"), check_quantities, rows, np.float32(1))
    price, bad_price = _checked(columns.get("price"), check_prices, rows, np.float64(np.nan))
    known = user.present | session.present
    reasons = first_reason(
        *(column.reasons for column in (user, session, order, item)),
        reason_where(~item.present, Reason.MISSING_ITEM_ID),
        reason_where(~known & ~order.present, Reason.MISSING_ACTOR),
        reason_where(event_type == NAMELESS, Reason.MISSING_EVENT),
        bad_time,
        bad_quantity,
        bad_price,
    )
    if facts:
        reasons = first_reason(reasons, reason_where(event_type == UNWEIGHTED, Reason.BAD_SOURCE))
        left_out = Counter()
    else:
        reasons[event_type == UNWEIGHTED] = Reason.FINE
    fine = (reasons == Reason.FINE) & (event_type != UNWEIGHTED)
    returned = types.index(RETURN)
    event_type = np.where(fine & (quantity < 0), np.uint8(returned), event_type)
    guest_return = fine & (event_type == returned) & ~known
    return EventRows(
        user=user,
        session=session,
        order=order,
        item=item,
        event_type=event_type,
        time=time,
        quantity=np.abs(quantity),
        price=price,
        reasons=reasons,
        keep=fine & ~guest_return,
        left_out=left_out,
        guest_returns=int(guest_return.sum()),
    )


def _event_types(column: Column | None, rows: int, types: Sequence[str]) -> tuple[NDArray[np.uint8], Counter[str]]:
    """Return the types of the rows, UNWEIGHTED or NAMELESS where they have none, and the rows of unweighted names."""
    if column is None:
        names, codes = ["purchase"], np.zeros(rows, dtype=np.int32)
    else:
        texts = read_ids(column)
        names, codes = [canonical_event(text or "", types) for text in texts.texts], texts.codes
    position = {name: code for code, name in enumerate(types)}
    table = [NAMELESS if not name else position.get(name, UNWEIGHTED) for name in names]
    event_type = np.array([*table, NAMELESS], dtype=np.uint8)[codes]
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    left_out: Counter[str] = Counter()
    for name, code, size in zip(names, table, sizes, strict=True):
        if code == UNWEIGHTED and size:
            left_out[name] += size
    return event_type, left_out


def _checked(
    column: Column | None, check: Callable[[Column], tuple[NDArray[ScalarT], Reasons]], rows: int, absent: ScalarT
) -> tuple[NDArray[ScalarT], Reasons]:
    """Return what `check` makes of a column, and the value `absent` in all rows where there is no such column."""
    if column is None:
        return np.full(rows, absent), np.zeros(rows, dtype=np.uint8)
    return check(column)
