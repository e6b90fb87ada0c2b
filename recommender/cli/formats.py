"""Figures and other people's text in words, as a person reads them."""

from __future__ import annotations

import unicodedata

UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """Return text on one line, with control characters (ids and titles are other people's) made visible."""
    return "".join(_escape(char) if unicodedata.category(char) in UNPRINTABLE else char for char in text)


def figure(value: object) -> str:
    """Return a value in words: 12,345; 0.0713; yes; -."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return printable(str(value))


def seconds(value: float) -> str:
    """Return a duration: 0.42 s, 12.3 s, 4 min 05 s."""
    if value < 60:
        return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def size(n_bytes: float) -> str:
    """Return a number of bytes: 512 B, 3.4 MB, 12 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _escape(char: str) -> str:
    return " " if char in "\n\r\t" else char.encode("unicode_escape").decode("ascii")
