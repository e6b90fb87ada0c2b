"""Conditions on the fields of the catalogue: "brand = Fjell | Tropf", "price <= 20", "category under Coffee > Cups".

One grammar for the question of a page, the command line and the rules of shop.toml:

    FIELD OPERATOR VALUE [| VALUE ...]

A field or a value that holds spaces at its ends, `|` or `"` (a field also: spaces or an operator) is quoted as in JSON.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recommender.dataset.catalogue import Catalogue, Kind
from recommender.errors import QueryError, UnknownFieldError

QUOTED = r'"(?:[^"\\]|\\.)*"'
CONDITION = re.compile(rf'\s*({QUOTED}|[^\s=<>!"|]+)\s*(!=|<=|>=|=|<|>|(?<=[\s"])under(?=\s))\s*(.*)', re.DOTALL)
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
TOKEN = re.compile(rf'{QUOTED}|[^|"]+|\||"')

OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": ("=", "!="),
    "category": ("=", "!=", "under"),
    "flag": ("=", "!="),
    "number": ("=", "!=", "<", "<=", ">", ">="),
    "time": ("=", "!=", "<", "<=", ">", ">="),
}
NEEDED: dict[Kind, str] = {
    "text": "a text",
    "category": "a category path",
    "flag": "true or false",
    "number": "a number",
    "time": "a date such as 2026-03-31, or a time such as 2026-03-31T08:00:00Z",
}
COMPARED = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, an operator and the values it is compared with; several values are alternatives."""

    field: str
    operator: str
    values: tuple[str, ...]


@lru_cache(1024)
def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    QueryError
        If it does not follow the grammar.
    """
    found = CONDITION.fullmatch(text)
    if found is None:
        raise QueryError("filter", f"{text!r} is no condition: write FIELD OPERATOR VALUE, such as price <= 20")
    field, operator, rest = found.groups()
    tokens = [token.strip() for token in TOKEN.findall(rest) if not token.isspace()]
    values, bars = tokens[::2], tokens[1::2]
    if len(values) == len(bars) or set(bars) - {"|"} or set(values) & {"|", '"'}:
        raise QueryError(
            "filter",
            f"{text!r}: after {operator} stands a value, or several with | between them; one that is empty or holds | "
            'or " is quoted: "a|b"',
        )
    if operator in COMPARED and len(values) > 1:
        raise QueryError("filter", f"{text!r}: {operator} compares with one value")
    return Condition(_unquoted(field, text), operator, tuple(_unquoted(value, text) for value in values))


def items_meeting(condition: Condition, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return a mask, shape (I,), of the items of a catalogue that meet a condition; it may not be written to.

    An unknown value meets no condition but !=, and an item without `in_stock` is in stock.

    Raises
    ------
    UnknownFieldError
        If the catalogue has no such field.
    QueryError
        If the field is of a kind that the operator or the value does not fit.
    """
    return catalogue.masks.get(condition, lambda: _meeting(condition, catalogue))


def _meeting(condition: Condition, catalogue: Catalogue) -> NDArray[np.bool_]:
    field, operator = condition.field, condition.operator
    require_field("filter", field, list(catalogue.kinds))
    kind = catalogue.kinds[field]
    if operator not in OPERATORS[kind]:
        known = ", ".join(OPERATORS[kind])
        raise QueryError("filter", f"{field} {operator} ...: {field} holds {NEEDED[kind]}; it takes {known}")
    if kind in ("number", "time"):
        numbers = catalogue.numbers(field)
        wanted = [_number(condition, kind, value) for value in condition.values]
        if operator in COMPARED:
            return np.asarray(COMPARED[operator](numbers, wanted[0]))  # nothing is true of NaN
        return np.isin(numbers, wanted, invert=operator == "!=")
    if kind == "category":
        codes, accepted = catalogue.category, np.zeros(len(catalogue.categories) + 1, dtype=bool)
        for path in condition.values:
            accepted[:-1] |= catalogue.category_codes(path, below=operator == "under")
    else:
        code_of, codes = catalogue.coded(field)
        texts = [_flag(condition, text) if kind == "flag" else text for text in condition.values]
        accepted = np.zeros(len(code_of) + 1, dtype=bool)
        accepted[[code_of[text] for text in texts if text in code_of]] = True
    accepted ^= operator == "!="
    return accepted[codes]  # an unknown value has the code -1, which is the last entry


def require_field(parameter: str, name: str, known: Sequence[str]) -> None:
    """Raise UnknownFieldError unless a name is among the known ones."""
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
    raise UnknownFieldError(parameter, f"the catalogue has no field {name!r}; {hint}")


def _unquoted(text: str, whole: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        raise QueryError("filter", f"{whole!r}: {text} is not quoted as in JSON") from None


def _number(condition: Condition, kind: Kind, text: str) -> float:
    try:
        value = _seconds(text) if kind == "time" else float(text) if NUMBER.fullmatch(text) else np.nan
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise _wrong_type(condition, kind, text)
    return value


def _seconds(text: str) -> float:
    """Return seconds since 1970 of a date or a time; without a zone they are UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _flag(condition: Condition, text: str) -> str:
    if text not in ("true", "false"):
        raise _wrong_type(condition, "flag", text)
    return text


def _wrong_type(condition: Condition, kind: Kind, text: str) -> QueryError:
    return QueryError(
        "filter", f"{condition.field} {condition.operator} {text}: {condition.field} is compared with {NEEDED[kind]}"
    )
