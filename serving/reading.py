"""Reading what a request asks, from its query string or its JSON, by the parameters it may give."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from recommender.placements import Placement, Query
from serving.parameters import ITEM_ID, KEY, Parameter, query_parameters_of
from serving.problems import (
    INVALID_PARAMETER,
    MALFORMED_QUERY,
    MISSING_PARAMETER,
    REPEATED_PARAMETER,
    UNKNOWN_PARAMETER,
    Problem,
)

JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PLURAL_FIELDS = {"item_id": "item_ids", "exclude": "exclude", "filter": "filter", "fields": "fields"}


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
    for part in query_string.split("&"):
        if not part:
            continue
        if part.isascii() and "%" not in part and "+" not in part:  # nothing to unquote, as with most ids
            name, _, text = part.partition("=")
        else:
            raw_name, _, raw_text = part.encode("latin-1").partition(b"=")
            name = _unquote(raw_name, "a parameter's name", None)
            text = _unquote(raw_text, f"the value of {name}", name)
        pairs.append((name, text))
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
