"""How much is in a package, read from its title."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS = {
    "mg": ("g", 0.001), "g": ("g", 1.0), "gr": ("g", 1.0), "kg": ("g", 1000.0),
    "oz": ("g", 28.3495), "lb": ("g", 453.592), "lbs": ("g", 453.592),
    "ml": ("ml", 1.0), "cl": ("ml", 10.0), "dl": ("ml", 100.0), "l": ("ml", 1000.0), "fl oz": ("ml", 29.5735),
    "pint": ("ml", 473.176), "quart": ("ml", 946.353), "qt": ("ml", 946.353), "gal": ("ml", 3785.41),
    "ct": ("pieces", 1.0), "pieces": ("pieces", 1.0), "pcs": ("pieces", 1.0), "pack": ("pieces", 1.0),
    "loads": ("loads", 1.0),
    "sheets": ("pieces", 1.0), "tablets": ("pieces", 1.0), "capsules": ("pieces", 1.0), "dozen": ("pieces", 12.0),
}  # fmt: skip
"""The base unit and the factor to it; pints, quarts and gallons are those of the United States (NIST Handbook 44)."""

_NUMBER = r"\d+(?:[.,]\d+)?"
_UNIT = "|".join(sorted((re.escape(unit) for unit in UNITS), key=len, reverse=True))
_SIZE = re.compile(rf"(?<![\w.,])(?:(\d+) ?[x\u00d7] ?)?({_NUMBER}) ?({_UNIT})(?!\w)", re.IGNORECASE)
_SET = re.compile(r"\b(?:set|pack|box) of (\d+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PackageSize:
    """An amount in a base unit (g, ml, pieces or loads), and how the title says it."""

    unit: str
    amount: float
    text: str


def package_size(title: str) -> PackageSize | None:
    """Return the last size that a title names ("12 x 330 ml" is 3960 ml), None where it names none."""
    sizes = list(_SIZE.finditer(title))
    if sizes:
        times, number, unit = sizes[-1].groups()
        base, factor = UNITS[unit.lower()]
        amount = float(number.replace(",", ".")) * factor * int(times or 1)
        return PackageSize(base, amount, sizes[-1].group().strip()) if amount > 0 else None
    found = _SET.search(title)
    return PackageSize("pieces", float(found[1]), found.group().lower()) if found and int(found[1]) else None
