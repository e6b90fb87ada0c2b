"""Exports with a row per order line, in which only the first row of an order says whose and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Carried:
    """Fills the fields of an order's later rows from its first one, also across batches and files.

    An empty key belongs to the order above, as where an export writes the columns of the order in its first row only.
    """

    key: str
    _order: str = ""
    _last: dict[str, str] = field(default_factory=dict)

    def fill(self, columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return the columns, all of the same length and `key` among them, without gaps."""
        names = list(columns)
        key = names.index(self.key)
        filled = []
        for row in zip(*columns.values(), strict=True):
            if row[key] and row[key] != self._order:
                self._order, self._last = row[key], dict(zip(names, row, strict=True))
            else:
                self._last = {name: value or self._last.get(name, "") for name, value in zip(names, row, strict=True)}
            filled.append(tuple(self._last.values()))
        return {name: [row[place] for row in filled] for place, name in enumerate(names)}
