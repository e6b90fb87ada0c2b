"""Promotions and rollbacks by hand, and who made them: STORE/AUDIT, one JSON object a line, only ever appended to.

A change is written down before it is tried, and again once it is done or has failed. So there is no change without a
line, and a line "begun" that nothing follows is of a process that was killed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson

from recommender.bundle.store import Store
from recommender.errors import StoreError, disk_errors

AUDIT = "AUDIT"

Action = Literal["promote", "rollback"]
Outcome = Literal["begun", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the live version, from `before` to `to`; `at` is RFC 3339 (UTC), `by` says who asked for it."""

    id: str
    at: str
    by: str
    action: Action
    before: str | None
    to: str
    outcome: Outcome = "begun"
    message: str = ""


class MovedError(StoreError):
    """Another version is live than the one that whoever asked for the change had seen."""


def promote(store: Store, version: str, by: str, *, seen: str | None = None) -> None:
    """Make a version the live one; `seen` is what was live as far as `by` knows, None where that does not matter.

    Raises
    ------
    LockHeldError
        If another process writes to the store.
    MovedError
        If another version than `seen` is live.
    StoreError
        If the version is missing or altered, or the disk refuses; the live version is as it was.
    """
    with store.locked():
        _require_live(store, seen)
        with _on_record(store, by, "promote", version):
            store.promote(version)


def roll_back(store: Store, version: str | None, by: str, *, seen: str | None = None) -> str:
    """Make `version` live, or the one that was live before the present one, and return its name; see `promote`."""
    with store.locked():
        _require_live(store, seen)
        target = version or store.before()
        with _on_record(store, by, "rollback", target):
            return store.rollback(target)


def changes(store: Path) -> list[Change]:
    """Return the changes by hand, oldest first, each with what came of it; a line that can't be read is passed over."""
    found: dict[str, Change] = {}
    with suppress(FileNotFoundError):
        for line in (store / AUDIT).read_bytes().splitlines():
            with suppress(orjson.JSONDecodeError, TypeError):
                change = Change(**orjson.loads(line))
                found[change.id] = change
    return list(found.values())


def _require_live(store: Store, seen: str | None) -> None:
    if seen is not None and (live := store.current()) != seen:
        raise MovedError(f"{store.path}: {live} is live by now, no longer {seen}; look again before you change it")


@contextmanager
def _on_record(store: Store, by: str, action: Action, to: str) -> Iterator[None]:
    before = None
    with suppress(StoreError):  # a damaged CURRENT is what promote repairs
        before = store.current()
    path = store.path / AUDIT
    change = Change(secrets.token_hex(8), _now(), by, action, before, to)
    with disk_errors(path):
        _append(path, change)
    try:
        yield
    except Exception as error:
        with suppress(OSError):  # the error itself is what must be told
            _append(path, replace(change, at=_now(), outcome="failed", message=str(error)))
        raise
    try:
        _append(path, replace(change, at=_now(), outcome="done"))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; {to} is live, and the file does not say that it is done") from None


def _append(path: Path, change: Change) -> None:
    with path.open("ab") as file:
        file.write(orjson.dumps(asdict(change), option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
