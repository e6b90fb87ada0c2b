"""The ids that stand for one person, and how they look inside files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from html import escape
from urllib.parse import quote

DISTINCTIVE = 6
"""Characters from which on an id in a text is no chance find: a price may be 10, a year 2026."""


@dataclass(frozen=True)
class Wanted:
    """A user, and the sessions that were joined to them."""

    user: str
    sessions: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them, the user first."""
        return (self.user, *self.sessions)

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Any of the ids as a word of its own, as UTF-8 and as JSON, CSV, HTML and URLs write it."""
        return _words(self.ids)

    @cached_property
    def distinctive(self) -> re.Pattern[bytes] | None:
        """The same of ids that are long enough to be nothing else, None where none is."""
        long = [one for one in self.ids if len(one) >= DISTINCTIVE]
        return _words(long) if long else None

    def named_in(self, text: str) -> bool:
        """Tell whether a text names one of them."""
        return self.pattern.search(text.encode("utf-8", "surrogateescape")) is not None


def _words(ids: tuple[str, ...] | list[str]) -> re.Pattern[bytes]:
    spellings = {spelt.encode() for one in ids for spelt in _spellings(one)}
    alternatives = b"|".join(re.escape(one) for one in sorted(spellings, key=len, reverse=True))
    word = rb"[0-9A-Za-z_\x80-\xff]"
    return re.compile(rb"(?<!" + word + rb")(?:" + alternatives + rb")(?!" + word + rb")")


def _spellings(one: str) -> set[str]:
    as_json = json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]
    return {one, *as_json, as_json[1].replace("/", "\\/"), escape(one), quote(one, safe=""), one.replace('"', '""')}
