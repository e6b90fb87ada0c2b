"""Beside an earlier run: which figures moved, and what was different about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import orjson

from recommender.errors import DataError
from recommender.evaluation.report import EvaluationReport, Row

ABSENT = "not set"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure then and now; `clear` says that the two intervals do not overlap."""

    task: str
    model: str
    metric: str
    k: int
    before: float
    now: float
    clear: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from an earlier run: its figures, the options as (name, then, now), and whether the data is."""

    figures: list[Change]
    options: list[tuple[str, str, str]]
    same_data: bool
    notes: list[str] = field(default_factory=list)


def read_previous(path: Path) -> dict[str, Any]:
    """Read what `alsobought evaluate --json` printed.

    Raises
    ------
    DataError
        If the file can't be read or is something else.
    """
    try:
        record = orjson.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: is not JSON ({error}); give what `alsobought evaluate --json` printed") from None
    if not _is_evaluation(record):
        raise DataError(f"{path}: is no evaluation; give what `alsobought evaluate --json` printed")
    return record


def changes_since(report: EvaluationReport, previous: Mapping[str, Any]) -> Changes:
    """Return how the figures that both runs have, and their options, differ."""
    before = {(row["task"], row["model"], row["metric"], row["k"]): row for row in previous["rows"]}
    figures = [
        Change(row.task, row.model, row.metric, row.k, float(then["value"]), row.value, _is_clear(row, then))
        for row in report.rows
        if (then := before.get((row.task, row.model, row.metric, row.k))) is not None
    ]
    then, now = previous.get("fingerprint") or {}, report.fingerprint
    same_data = all(then.get(key) == now.get(key) for key in ("train_sha256", "test_sha256"))
    options = changed_options(then.get("config") or {}, now.get("config") or {})
    notes = [] if same_data else ["The data differ, so figures may have moved for that reason alone."]
    return Changes(figures, options, same_data, notes)


def changed_options(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (name, then, now) of the options in which two configurations, as manifests keep them, differ."""
    old, new = (dict(_options("", config)) for config in (then, now))
    return [
        (name, old.get(name, ABSENT), new.get(name, ABSENT))
        for name in sorted(old | new)
        if old.get(name, ABSENT) != new.get(name, ABSENT)
    ]


def _is_evaluation(record: Any) -> TypeGuard[dict[str, Any]]:
    if not isinstance(record, dict) or not isinstance(record.get("rows"), list):
        return False
    origin = record.get("fingerprint", {})
    return isinstance(origin, dict) and isinstance(origin.get("config", {}), dict) and _has_rows(record["rows"])


def _has_rows(rows: list[Any]) -> bool:
    needed = {"task", "model", "metric", "k", "value"}
    return all(
        isinstance(row, dict)
        and needed <= row.keys()
        and all(isinstance(row[name], str) for name in ("task", "model", "metric"))
        and isinstance(row["k"], int)
        and isinstance(row["value"], int | float)
        for row in rows
    )


def _is_clear(row: Row, then: Mapping[str, Any]) -> bool:
    low, high = then.get("low"), then.get("high")
    if low is None or high is None or row.low is None or row.high is None:
        return False
    return bool(row.low > high or row.high < low)


def _options(prefix: str, section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _options(f"{name}.", value)
        else:
            yield name, ABSENT if value is None else str(value)
