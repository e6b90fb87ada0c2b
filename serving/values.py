"""Parsers of single values: each returns the value, or raises ValueError with what would be right."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection

LOCALE_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def text_of(max_bytes: int) -> Callable[[str], str]:
    """Return a parser of texts that are neither empty nor longer than `max_bytes` in UTF-8."""

    def parse(text: str) -> str:
        if not text:
            raise ValueError("must not be empty; leave the parameter out instead")
        size = len(text.encode())
        if size > max_bytes:
            raise ValueError(f"must be at most {max_bytes} bytes of UTF-8, not {size}")
        if not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text):
            raise ValueError("must not contain control characters")
        return text

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers between two bounds, both inclusive."""

    def parse(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(high))
        if not digits or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def price(text: str) -> float:
    """Parse a price: a decimal number, zero or more."""
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ValueError("must be a number, 0 or more, such as 12.50")
    return value


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1, such as 0.3")
    return value


def locale_tag(text: str) -> str:
    """Parse the name of a locale."""
    if not LOCALE_TAG.fullmatch(text):
        raise ValueError("must be a locale such as en, de or pt-BR")
    return text


def one_of(names: Collection[str]) -> Callable[[str], str]:
    """Return a parser of names."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return text

    return parse


def flag(text: str) -> bool:
    """Parse true or false."""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"
