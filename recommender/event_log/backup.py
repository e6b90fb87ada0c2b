"""Backup and restore: a backup is a log in a file of SQLite's, whatever database it was taken from.

So a backup can be opened and read like any log, and restoring it into PostgreSQL is how a shop moves there.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, func, insert, select, text

from recommender.errors import StoreError
from recommender.event_log.database import Database
from recommender.event_log.schema import ERASURES, EVENTS, MERGES, SLATES
from recommender.progress import Progress, silent

TABLES = (EVENTS, SLATES, MERGES, ERASURES)
ROWS_AT_ONCE = 10_000


def back_up(database: Database, path: Path, *, progress: Progress = silent) -> int:
    """Write one state of the log into a new file while others go on writing; return the number of rows.

    Raises
    ------
    StoreError
        If the file exists, or log or disk refuse; then no file is left.
    """
    if path.exists():
        raise StoreError(f"{path}: exists already; a backup is written to a new file")
    if not database.exists():
        raise StoreError(f"{database.name}: there is no event log yet")
    unfinished = path.with_name(f".{path.name}.unfinished")
    _remove(unfinished)
    copy = Database(URL.create("sqlite", database=str(unfinished)))
    try:
        with database.snapshot() as source, copy.writing() as target:
            rows = _copy(source, target, progress)
        with copy.reading() as target:
            target.exec_driver_sql("COMMIT")
            target.exec_driver_sql("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            target.exec_driver_sql("BEGIN")
        copy.close()
        unfinished.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error.strerror}") from None
    finally:
        copy.close()
        _remove(unfinished)
    return rows


def restore(database: Database, path: Path, *, progress: Progress = silent) -> int:
    """Fill an empty log from a backup, in one transaction; return the number of rows.

    Raises
    ------
    StoreError
        If the file is no backup, or the log has rows.
    """
    if not path.is_file():
        raise StoreError(f"{path}: no such file")
    backup = Database(URL.create("sqlite", database=str(path)))
    try:
        with backup.snapshot() as source, database.writing() as target:
            for table in TABLES:
                if target.scalar(select(func.count()).select_from(table)):
                    raise StoreError(f"{database.name}: has rows already; restore into an empty log")
            rows = _copy(source, target, progress)
            if not database.is_sqlite:  # numbers were given, not drawn: the next one must come after them
                sequence = "pg_get_serial_sequence('events', 'position_in_log')"
                last = "(SELECT coalesce(max(position_in_log), 0) + 1 FROM events)"
                target.execute(text(f"SELECT setval({sequence}, {last}, false)"))
            return rows
    finally:
        backup.close()
        _remove(Path(f"{path}-writers"))


def _copy(source: Connection, target: Connection, progress: Progress) -> int:
    rows = 0
    for table in TABLES:
        answer = source.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE))
        for part in answer.mappings().partitions(ROWS_AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])
            rows += len(part)
            progress("copying the event log", rows, None)
    return rows


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-writers"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
