"""The query parameters of the API, each defined once: how it is read, refused and documented."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from recommender.dataset import MAX_ID_BYTES
from recommender.placements import MAX_K, PLACEMENTS, Placement, Query
from serving.problems import (
    INVALID_PARAMETER,
    MALFORMED_QUERY,
    MISSING_PARAMETER,
    REPEATED_PARAMETER,
    UNKNOWN_PARAMETER,
    Problem,
)

MAX_ITEM_IDS = 100
MAX_CATEGORY_BYTES = 1024
MAX_FILTERS = 20
MAX_FIELDS = 50
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
LOCALE_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
QUERY_DEFAULTS = {field.name: field.default for field in fields(Query)}


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One query parameter.

    `parse` turns the decoded text into its value or raises ValueError with what would be right; `schema` says
    the same in JSON Schema, for one value.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    parse: Callable[[str], Any]
    example: str
    max_values: int = 1
    required: bool = False


def text_of(max_bytes: int) -> Callable[[str], str]:
    """Return a parser of texts that are neither empty nor longer than `max_bytes` in UTF-8."""

    def parse(text: str) -> str:
        if not text:
            raise ValueError("must not be empty; leave the parameter out instead")
        size = len(text.encode())
        if size > max_bytes:
            raise ValueError(f"must be at most {max_bytes} bytes of UTF-8, not {size}")
        if any(unicodedata.category(character) == "Cc" for character in text):
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


_id = text_of(MAX_ID_BYTES)
_ID_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES}
_PRICE_SCHEMA = {"type": "number", "minimum": 0}

ITEM_ID = Parameter("item_id", "The item the question is about.", _ID_SCHEMA, _id, "SKU1", required=True)
HISTORY = Parameter(
    "item_id",
    "An item of an anonymous visitor's history; repeat the parameter for several.",
    _ID_SCHEMA,
    _id,
    "SKU1",
    max_values=MAX_ITEM_IDS,
)
K = Parameter(
    "k",
    "How many items are wanted.",
    {"type": "integer", "minimum": 1, "maximum": MAX_K, "default": QUERY_DEFAULTS["k"]},
    whole_number(1, MAX_K),
    "5",
)
USER_ID = Parameter("user_id", "The customer, where known.", _ID_SCHEMA, _id, "U1")
SESSION_ID = Parameter("session_id", "The visitor's session, where there is no customer.", _ID_SCHEMA, _id, "S1")
EXCLUDE = Parameter(
    "exclude",
    "An item that must not be answered; repeat the parameter for several.",
    _ID_SCHEMA,
    _id,
    "SKU2",
    max_values=MAX_ITEM_IDS,
)
CATEGORY = Parameter(
    "category",
    'Answer only items at or below this category path, such as "Shoes > Sandals".',
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "Shoes > Sandals",
)
MIN_PRICE = Parameter("min_price", "Lowest price, inclusive.", _PRICE_SCHEMA, price, "5")
MAX_PRICE = Parameter("max_price", "Highest price, inclusive.", _PRICE_SCHEMA, price, "50")
FILTER = Parameter(
    "filter",
    "A condition on a field of the catalogue, such as price <= 20, brand = Fjell | Tropf or category under Shoes; "
    "repeat the parameter for several, all of which must be met.",
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "price <= 50",
    max_values=MAX_FILTERS,
)
FIELDS = Parameter(
    "fields",
    "The catalogue's fields wanted with each item, instead of title, price, url and image_url; separated by commas, or "
    "repeat the parameter.",
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "title,brand",
    max_values=MAX_FIELDS,
)
DIVERSITY = Parameter(
    "diversity",
    "0: the best items; up to 1: items that differ more and more from each other. The shop's own setting if left out.",
    {"type": "number", "minimum": 0, "maximum": 1},
    share,
    "0.3",
)
LOCALE = Parameter(
    "locale",
    "Language of the reasons' texts; where the shop has none in it, its own language answers.",
    {"type": "string", "pattern": f"^{LOCALE_TAG.pattern}$"},
    locale_tag,
    "en",
)
EXPLAIN = Parameter(
    "explain",
    "Add to each item its raw score, and what that is the sum of.",
    {"type": "boolean", "default": QUERY_DEFAULTS["explain"]},
    flag,
    "true",
)
STRICT = Parameter(
    "strict",
    "Answer 404 for an unknown user, session or item instead of falling back.",
    {"type": "boolean", "default": QUERY_DEFAULTS["strict"]},
    flag,
    "true",
)

BASKET = replace(HISTORY, description="An item of the basket; repeat the parameter for each.", required=True)
COMPLEMENTS_ONLY = Parameter(
    "complements_only",
    "true: nothing that takes the place of a basket item, or of another one shown; false: whatever is bought with the "
    "basket. The shop's own setting if left out.",
    {"type": "boolean"},
    flag,
    "true",
)
USER_ID_REQUIRED = replace(USER_ID, description="The customer.", required=True)
KEY = Parameter(
    "key",
    "A publishable key, in place of the Authorization header: so a browser asks another origin without a preflight.",
    {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES},
    _id,
    "pk_example",
)

_ANCHORS: dict[str | None, tuple[Parameter, ...]] = {
    "item": (ITEM_ID, K, USER_ID, SESSION_ID),
    "basket": (BASKET, K, USER_ID, SESSION_ID, COMPLEMENTS_ONLY),
    "user": (USER_ID, SESSION_ID, HISTORY, K),
    None: (K, USER_ID, SESSION_ID),
}
PLACEMENT = Parameter(
    "placement",
    "Which placement the question is about.",
    {"type": "string", "enum": list(PLACEMENTS)},
    one_of(PLACEMENTS),
    "popular",
    required=True,
)
WHY_ITEM_ID = Parameter("item_id", "The item to tell of.", _ID_SCHEMA, _id, "SKU2", required=True)
ANCHOR_ID = Parameter(
    "anchor_id",
    "What the placement itself takes as item_id: the item of the page, or items of a history or basket.",
    _ID_SCHEMA,
    _id,
    "SKU1",
    max_values=MAX_ITEM_IDS,
)

_RULES = (EXCLUDE, CATEGORY, MIN_PRICE, MAX_PRICE, FILTER, DIVERSITY, FIELDS, LOCALE, EXPLAIN, STRICT)
WHY_NOT = (
    PLACEMENT,
    WHY_ITEM_ID,
    ANCHOR_ID,
    USER_ID,
    SESSION_ID,
    K,
    EXCLUDE,
    CATEGORY,
    MIN_PRICE,
    MAX_PRICE,
    FILTER,
    DIVERSITY,
    LOCALE,
    STRICT,
    COMPLEMENTS_ONLY,
)
_PLURAL_FIELDS = {"item_id": "item_ids", "exclude": "exclude", "filter": "filter", "fields": "fields"}


@cache
def parameters_of(placement: Placement) -> tuple[Parameter, ...]:
    """Return the parameters a placement takes."""
    return _ANCHORS[placement.anchor] + _RULES


@cache
def query_parameters_of(placement: Placement) -> tuple[Parameter, ...]:
    """Return the parameters that the query string of a placement's own route takes."""
    return (*parameters_of(placement), KEY)


def read_query(placement: Placement, query_string: str) -> Query:
    """Turn the query string of a request, as WSGI gives it, into a question to the placement.

    Raises
    ------
    Problem
        If anything about the query string is wrong; the problem names the parameter.
    """
    values = read_parameters(query_string, query_parameters_of(placement))
    values.pop(KEY.name, None)
    return query_of(placement, values)


def query_of(placement: Placement, values: Mapping[str, tuple[Any, ...]]) -> Query:
    """Return the question to a placement that parsed parameters ask."""
    asked: dict[str, Any] = {
        _PLURAL_FIELDS.get(name, name): found if name in _PLURAL_FIELDS else found[0] for name, found in values.items()
    }
    if "fields" in asked:
        asked["fields"] = tuple(name.strip() for text in asked["fields"] for name in text.split(","))
    return Query(placement.name, **asked)


def read_parameters(query_string: str, parameters: Sequence[Parameter]) -> dict[str, tuple[Any, ...]]:
    """Return the parsed values of the parameters that were given, by name, in the order given.

    Raises
    ------
    Problem
        If a parameter is unknown, missing, repeated too often or wrong, or the text can't be decoded.
    """
    known, required = _by_name(tuple(parameters))
    texts: dict[str, list[str]] = {}
    for name, text in decode_query(query_string):
        if name not in known:
            raise Problem(UNKNOWN_PARAMETER, _unknown(name, known), name)
        texts.setdefault(name, []).append(text)
    for parameter in required:
        if parameter.name not in texts:
            detail = f"{parameter.name} is required: {parameter.description}"
            raise Problem(MISSING_PARAMETER, detail, parameter.name)
    for name, found in texts.items():
        most = known[name].max_values
        if len(found) > most:
            limit = "once" if most == 1 else f"{most} times"
            detail = f"{name} is given {len(found)} times; it may be given at most {limit}"
            raise Problem(REPEATED_PARAMETER, detail, name)
    return {name: tuple(_parse(known[name], text) for text in found) for name, found in texts.items()}


@cache
def _by_name(parameters: tuple[Parameter, ...]) -> tuple[dict[str, Parameter], list[Parameter]]:
    """Return parameters by name, and those that are required."""
    return {parameter.name: parameter for parameter in parameters}, [one for one in parameters if one.required]


def read_values(given: Mapping[str, Any], parameters: Sequence[Parameter], where: str) -> dict[str, tuple[Any, ...]]:
    """Return the parsed values of parameters that a JSON object gives; one that may be repeated also takes an array.

    Raises
    ------
    Problem
        If a parameter is unknown, of another type, or wrong; it is named with `where` in front.
    """
    known = {parameter.name: parameter for parameter in parameters}
    found = {}
    for name, value in given.items():
        if name not in known:
            raise Problem(UNKNOWN_PARAMETER, _unknown(name, known), where + name)
        parameter = known[name]
        values = value if isinstance(value, list) and parameter.max_values > 1 else [value]
        if not 1 <= len(values) <= parameter.max_values:
            detail = f"{where}{name} has {len(values)} values; it takes 1 to {parameter.max_values}"
            raise Problem(REPEATED_PARAMETER, detail, where + name)
        found[name] = tuple(_parse(parameter, _as_text(parameter, one, where), where) for one in values)
    return found


def _as_text(parameter: Parameter, value: Any, where: str) -> str:
    """Return a value of JSON, which must be of the type in the parameter's schema, as the query string has it."""
    kind = parameter.schema["type"]
    if type(value) not in JSON_TYPES[kind]:
        article = "an" if kind == "integer" else "a"
        raise Problem(
            INVALID_PARAMETER, f"{where}{parameter.name} must be {article} {kind} of JSON", where + parameter.name
        )
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def decode_query(query_string: str) -> list[tuple[str, str]]:
    """Return names and values of a query string as WSGI gives it; raises Problem where it can't be decoded."""
    pairs = []
    for part in query_string.encode("latin-1").split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            decoded = _unquote(name, "a parameter's name", None)
            pairs.append((decoded, _unquote(value, f"the value of {decoded}", decoded)))
    return pairs


def _unquote(raw: bytes, what: str, parameter: str | None) -> str:
    if BAD_ESCAPE.search(raw):
        raise Problem(MALFORMED_QUERY, f"{what} has a % without two hex digits; write % itself as %25", parameter)
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        raise Problem(MALFORMED_QUERY, f"{what} is not UTF-8; percent-encode its UTF-8 bytes", parameter) from None


def _unknown(name: str, known: Mapping[str, Parameter]) -> str:
    right_elsewhere = name == ITEM_ID.name
    near = [] if right_elsewhere else difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"there is no parameter {name!r}; {hint}"


def _parse(parameter: Parameter, text: str, where: str = "") -> Any:
    try:
        return parameter.parse(text)
    except ValueError as error:
        name = where + parameter.name
        raise Problem(INVALID_PARAMETER, f"{name} {error}", name) from None
