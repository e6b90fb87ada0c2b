"""What would be right instead of a refused row, by reason: for the error, the tables of `check` and docs/data.md."""

from __future__ import annotations

from recommender.ingest.checks import Reason

REMEDIES = {
    Reason.WRONG_NUMBER_OF_FIELDS.code: 'put values that hold a separator in quotes: "a, b"',
    Reason.UNCLOSED_QUOTE.code: 'close the quote; write a quote inside a value twice: "6"" pan"',
    Reason.INVALID_UTF8.code: "save the file as UTF-8",
    Reason.MISSING_ITEM_ID.code: "give every row an item_id",
    Reason.MISSING_ACTOR.code: "give every row a user_id, a session_id or an order_id",
    Reason.MISSING_EVENT.code: "name the event: purchase, add_to_cart, view, return, or a key of [event_weights]",
    Reason.ID_TOO_LONG.code: "write ids of 256 bytes or fewer",
    Reason.ID_WITH_CONTROL_CHARACTERS.code: "remove tabs and line breaks from ids",
    Reason.ID_NOT_INTEGRAL.code: "write whole numbers, or ids as text",
    Reason.ID_BEYOND_2_53.code: "export ids as text or as integers, not as floats",
    Reason.BAD_TIMESTAMP.code: "write 2026-01-31T10:00:00Z, a date, or epoch seconds",
    Reason.ANCIENT_TIME.code: "write times from 1990 on; mind the unit of epoch numbers",
    Reason.FUTURE_TIME.code: "write times that have passed; mind the unit of epoch numbers and the time zone",
    Reason.BAD_QUANTITY.code: "write a number such as 1, or -1 for a return",
    Reason.BAD_PRICE.code: "write a number of 0 or more, such as 12.50, without a currency sign",
    Reason.BAD_IN_STOCK.code: "write true or false, or the number of pieces",
    Reason.BAD_CREATED_AT.code: "write 2026-01-31T10:00:00Z, a date, or nothing",
    Reason.BAD_SOURCE.code: "write order, import, self_report, gift or return",
    Reason.BAD_JSON.code: "write one whole JSON object per line",
}
