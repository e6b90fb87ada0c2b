"""Columns and cells as text; times and prices as people write them."""

from __future__ import annotations

import re

import pyarrow as pa

from recommender.ingest.columns import Column, compute
from recommender.ingest.ids import read_ids

PRICE = re.compile(r"^(?:([A-Z]{3})\s*)?(\d[\d., ]*)(?:\s*([A-Z]{3}))?$")


def as_text(column: Column) -> Column:
    """Return any column of words or numbers as text, null where empty."""
    if pa.types.is_string(column.type):
        return compute.if_else(compute.equal(column, ""), None, column)
    return read_ids(column).text()


def cells(column: Column) -> list[str]:
    """Return a column as Python strings without blanks around them, "" where empty."""
    return [(value or "").strip() for value in as_text(column).to_pylist()]


def rfc3339(times: Column) -> Column:
    """Return times such as "2024-01-31 12:34:56 +0100" without the blank before the offset; others as they are."""
    text = compute.replace_substring_regex(times, r"\s+([+-]\d\d):?(\d\d)$", r"\1:\2")
    return compute.replace_substring_regex(text, r"\s+(UTC|Z)$", "Z")


def price_of(text: str) -> tuple[str | None, str | None]:
    """Return amount and currency of "12.50 EUR", "EUR 12,50" or "1,299.00"; what is none of these comes back whole.

    Where both marks stand there, the last one is the decimal mark; a lone comma is one unless three digits follow it.
    """
    found = PRICE.match(text.strip())
    if not found:
        return text.strip() or None, None
    amount = found[2].replace(" ", "")
    decimal = max(amount.rfind("."), amount.rfind(","))
    if decimal >= 0 and amount[decimal] == "," and "." not in amount and len(amount) - decimal == 4:
        decimal = -1
    if decimal >= 0 and amount.count(amount[decimal]) > 1:
        decimal = -1
    whole, fraction = (amount, "") if decimal < 0 else (amount[:decimal], amount[decimal + 1 :])
    digits = re.sub(r"[.,]", "", whole)
    return f"{digits}.{fraction}" if fraction else digits, found[1] or found[3]
