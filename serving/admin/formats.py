"""Numbers and times in words, for the templates."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from recommender.event_log.proportions import Proportion

NOTHING = "–"  # noqa: RUF001
VERDICTS = ("passed:", "refused:")
UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def duration(seconds: float) -> str:
    """Return a time span in the largest unit that it has two of."""
    for unit, length in UNITS:
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s"
    return "a second" if seconds >= 1 else "less than a second"


def ago(text: str | None) -> str:
    """Return how long ago a time in RFC 3339 was."""
    if text is None:
        return NOTHING
    seconds = (datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds()
    return "just now" if seconds < 2 else f"{duration(seconds)} ago"


def moment(text: str | None) -> str:
    """Return a time in RFC 3339 to the minute, UTC."""
    return NOTHING if text is None else datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def number(value: float | None) -> str:
    """Return a whole number with its thousands apart."""
    return NOTHING if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """Return a share in percent, with more digits the smaller it is."""
    if share is None:
        return NOTHING
    return f"{share:.0%}" if share == 0 or share >= 0.1 else f"{share:.1%}" if share >= 0.01 else f"{share:.2%}"


def interval(found: Proportion) -> str:
    """Return the ends of an interval in percent."""
    return "" if found.low is None or found.high is None else f"{percent(found.low)} to {percent(found.high)}"


def milliseconds(seconds: float | None) -> str:
    """Return a time to answer."""
    if seconds is None:
        return NOTHING
    return "over 2.5 s" if math.isinf(seconds) else f"{1000 * seconds:.3g} ms"


def rate(per_second: float) -> str:
    """Return how often a second, or a minute where that is less than one."""
    if per_second == 0 or per_second >= 1:
        return f"{per_second:.3g} a second"
    return f"{60 * per_second:.2g} a minute"


def figure(value: float | None) -> str:
    """Return a metric."""
    return NOTHING if value is None else f"{value:.4f}"


def size(n_bytes: float | None) -> str:
    """Return a size on the disk."""
    return NOTHING if n_bytes is None else f"{n_bytes / 1e6:,.0f} MB"


def sentence(text: str) -> str:
    """Return a text with a full stop, and with a capital where it begins with a word and not with a path."""
    first = text.split(" ")[0]
    if first.isalpha() or first in VERDICTS:
        text = text[:1].upper() + text[1:]
    return text if not text or text.endswith(".") else f"{text}."


WORDS = {
    function.__name__: function
    for function in (duration, ago, moment, number, percent, milliseconds, rate, figure, size, interval, sentence)
}
"""What every template of the operator's page may call."""
