"""Why a row is refused: pure functions on columns.

Each judges one column and answers arrays of one entry per row; nothing here knows files or reports.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.dataset import NO_TIME
from recommender.ingest.columns import Column, compute, is_text, read_numbers
from recommender.ingest.times import DAY_SECONDS, read_times

ANCIENT = 631_152_000
"""1990-01-01T00:00:00Z in seconds since 1970: nobody's shop has older events, but many have broken clocks."""

TRUE = ("true", "t", "yes", "y", "1", "in stock", "in_stock", "instock", "available", "preorder", "backorder")
FALSE = ("false", "f", "no", "n", "0", "out of stock", "out_of_stock", "outofstock", "sold out", "unavailable")


class Reason(IntEnum):
    """Why a row is refused; its lower-case name is what reports and the file of refused rows say."""

    FINE = 0
    WRONG_NUMBER_OF_FIELDS = 1
    UNCLOSED_QUOTE = 2
    INVALID_UTF8 = 3
    MISSING_ITEM_ID = 4
    MISSING_ACTOR = 5
    MISSING_EVENT = 6
    ID_TOO_LONG = 7
    ID_WITH_CONTROL_CHARACTERS = 8
    ID_NOT_INTEGRAL = 9
    ID_BEYOND_2_53 = 10
    BAD_TIMESTAMP = 11
    ANCIENT_TIME = 12
    FUTURE_TIME = 13
    BAD_QUANTITY = 14
    BAD_PRICE = 15
    BAD_IN_STOCK = 16
    BAD_CREATED_AT = 17
    BAD_SOURCE = 18
    BAD_JSON = 19

    @property
    def code(self) -> str:
        """The reason as written in reports and files."""
        return self.name.lower()


Reasons = NDArray[np.uint8]


def first_reason(*judgements: Reasons) -> Reasons:
    """Return per row the first reason that is not FINE."""
    found = judgements[0].copy()
    for later in judgements[1:]:
        np.copyto(found, later, where=found == Reason.FINE)
    return found


def reason_where(mask: NDArray[np.bool_], reason: Reason) -> Reasons:
    """Return `reason` where the mask holds, else FINE."""
    return np.where(mask, np.uint8(reason), np.uint8(Reason.FINE))


def check_times(column: Column, now: int) -> tuple[NDArray[np.int64], Reasons]:
    """Return the seconds since 1970 of an event's timestamp, shape (N,), and why a row has none that can be true."""
    seconds = read_times(column).seconds
    reasons = reason_where(seconds == NO_TIME, Reason.BAD_TIMESTAMP)
    ancient = reason_where(seconds < ANCIENT, Reason.ANCIENT_TIME)
    future = reason_where(seconds > now + DAY_SECONDS, Reason.FUTURE_TIME)
    return seconds, first_reason(reasons, ancient, future)


def check_created_at(column: Column) -> tuple[Column, Reasons]:
    """Return int64 seconds since 1970, null where empty, and the rows whose time can't be read."""
    times = read_times(column)
    bad = (times.seconds == NO_TIME) & ~times.empty
    return pa.array(times.seconds, mask=times.seconds == NO_TIME), reason_where(bad, Reason.BAD_CREATED_AT)


def check_quantities(column: Column) -> tuple[NDArray[np.float32], Reasons]:
    """Return the quantities, shape (N,), 1 where empty; negative ones stay, zero and what is no number is refused."""
    values, bad = read_numbers(column)
    quantities = np.where(np.isnan(values), 1.0, values).astype(np.float32)
    return quantities, reason_where(bad | (quantities == 0), Reason.BAD_QUANTITY)


def check_prices(column: Column) -> tuple[NDArray[np.float64], Reasons]:
    """Return the prices, shape (N,), NaN where empty; negative ones and what is no number is refused."""
    values, bad = read_numbers(column)
    return values, reason_where(bad | (values < 0), Reason.BAD_PRICE)


def check_in_stock(column: Column) -> tuple[Column, Reasons]:
    """Return booleans, null where empty: words, or a number of pieces of which more than 0 is in stock."""
    if pa.types.is_boolean(column.type):
        return column, np.zeros(len(column), dtype=np.uint8)
    if not is_text(column.type):
        values, bad = read_numbers(column)
    else:
        words = compute.utf8_lower(compute.utf8_trim_whitespace(column.cast(pa.string())))
        yes = compute.is_in(words, value_set=pa.array(TRUE))
        no = compute.is_in(words, value_set=pa.array(FALSE))
        as_number = compute.if_else(yes, "1", compute.if_else(no, "0", words))
        values, bad = read_numbers(as_number)
    empty = np.isnan(values)
    return pa.array(values > 0, mask=empty), reason_where(bad, Reason.BAD_IN_STOCK)
