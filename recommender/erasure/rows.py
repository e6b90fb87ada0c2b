"""Rows of a person taken out of a file: CSV, JSON lines, Parquet, or a backup of the event log."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommender.erasure.wanted import Wanted
from recommender.errors import disk_errors
from recommender.event_log import EventLog

OF_PEOPLE = ("user_id", "session_id")


@dataclass(frozen=True, slots=True)
class Taken:
    """How many rows were taken out of a file, and its SHA-256 before and after; None where it is deleted."""

    path: str
    rows: int
    sha256_before: str
    sha256_after: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return asdict(self)


def take_out(path: Path, wanted: Wanted) -> Taken | None:
    """Take a person's rows out of a file, which is replaced in one step; None where there were none.

    A row is a person's if its user_id or session_id is, or, in a table without such columns, if any cell names them.
    Files of kinds that are not known here are left to `search`.

    Raises
    ------
    StoreError
        If the disk refuses; the file is as it was.
    """
    take = KINDS.get(path.suffix.lower())
    if take is None:
        return None
    with disk_errors(path):
        before = _sha256(path)
        rows = take(path, wanted)
        return Taken(str(path), rows, before, _sha256(path)) if rows else None


def _from_csv(path: Path, wanted: Wanted) -> int:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        header = stream.readline()
        stream.seek(0)
        separator = max(",;\t|", key=header.count)
        rows = list(csv.reader(stream, delimiter=separator))
    people = [at for at, name in enumerate(rows[0] if rows else []) if name in OF_PEOPLE]
    kept = [row for number, row in enumerate(rows) if number == 0 or not _is_theirs(row, people, wanted)]
    if len(kept) < len(rows):
        text = io.StringIO()
        csv.writer(text, delimiter=separator, lineterminator="\n").writerows(kept)
        _replace(path, lambda stream: stream.write(text.getvalue().encode("utf-8", "surrogateescape")))
    return len(rows) - len(kept)


def _is_theirs(row: Sequence[str], people: Sequence[int], wanted: Wanted) -> bool:
    if people:
        return any(row[at] in wanted.ids for at in people if at < len(row))
    return any(wanted.named_in(cell) for cell in row)


def _from_json_lines(path: Path, wanted: Wanted) -> int:
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not _line_is_theirs(line, wanted)]
    if len(kept) < len(lines):
        _replace(path, lambda stream: stream.writelines(kept))
    return len(lines) - len(kept)


def _line_is_theirs(line: bytes, wanted: Wanted) -> bool:
    with suppress(orjson.JSONDecodeError):
        record = orjson.loads(line)
        if isinstance(record, dict) and any(name in record for name in OF_PEOPLE):
            return any(record.get(name) in wanted.ids for name in OF_PEOPLE)
    return wanted.pattern.search(line) is not None


def _from_parquet(path: Path, wanted: Wanted) -> int:
    table = pq.read_table(path)
    names = [name for name in OF_PEOPLE if name in table.column_names]
    theirs = np.zeros(len(table), dtype=bool)
    for name in names:
        column = table[name].cast(pa.string())
        theirs |= pc.is_in(column, pa.array(wanted.ids, pa.string())).to_numpy()
    rows = int(theirs.sum())
    if rows:
        kept = table.filter(pa.array(~theirs))
        _replace(path, lambda stream: pq.write_table(kept, stream))
    return rows


def _from_log(path: Path, wanted: Wanted) -> int:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if not {"events", "slates", "merges", "erasures"} <= tables:
        return 0
    log = EventLog.at(f"sqlite:///{path.absolute()}", path.parent)
    try:
        return log.erase(wanted.user).events
    finally:
        log.close()


KINDS: dict[str, Callable[[Path, Wanted], int]] = {
    ".csv": _from_csv,
    ".tsv": _from_csv,
    ".jsonl": _from_json_lines,
    ".parquet": _from_parquet,
    ".db": _from_log,
    ".sqlite": _from_log,
}


def _replace(path: Path, write: Callable[[Any], object]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.chmod(path.stat().st_mode & 0o7777)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
