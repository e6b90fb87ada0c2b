"""What is wrong with an option, in words, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, get_args

from recommender.config.record import Record
from recommender.config.shop import Config


def explain_all(problems: Iterable[Mapping[str, Any]]) -> str:
    """Return one clause per option, in the order met; what several types of a union say of it is joined."""
    clauses: dict[str, list[str]] = {}
    for problem in problems:
        subject, said = _explain(problem)
        if said not in clauses.setdefault(subject, []):
            clauses[subject].append(said)
    return "; ".join(subject + " or ".join(said) for subject, said in clauses.items())


def _explain(problem: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong, and what would be right."""
    key = ".".join(str(part) for part in _option(problem["loc"]))
    if problem["type"] == "extra_forbidden":
        *section, name = problem["loc"]
        known = list(_fields(_record(section)))
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
        return f"unknown key {key!r}; ", f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    if problem["type"] in ("model_type", "model_attributes_type"):
        return f"{key} = {problem['input']!r}: ", f"should be a section of options, [{key}]"
    return f"{key} = {problem['input']!r}: ", problem["msg"].removeprefix("Input ").removeprefix("Value error, ")


def _option(location: Sequence[str | int]) -> list[str | int]:
    """Return where an option stands, without the name that pydantic adds for the type of a union it tried."""
    record: Any = Config
    for depth, part in enumerate(location):
        field = _fields(record).get(str(part))
        if field is None:
            break
        record = field.annotation
        if not _is_record(record):
            of_union = isinstance(record, UnionType)
            return [*location[: depth + 1], *location[depth + 1 + of_union :]]
    return list(location)


def _record(section: Sequence[str | int]) -> Any:
    record: Any = Config
    for part in section:
        record = get_args(record)[0] if isinstance(part, int) else _fields(record)[str(part)].annotation
    return record


def _fields(record: type[Record]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in record.model_fields.items()}


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)
