"""Connections to the log's database: one writer at a time, whatever the number of processes, and readers beside it."""

from __future__ import annotations

import fcntl
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from recommender.errors import ConfigError, StoreError
from recommender.event_log.schema import MIGRATIONS, Migration, migrate

BUSY_SECONDS = 5
CONNECT_SECONDS = 2
WRITERS_LOCK = 0x616C736F  # any number: it names our lock among those of a PostgreSQL database
INSTALL_POSTGRES = "pip install 'alsobought[postgres]'"


class EventLogError(StoreError):
    """The event log can't be reached, read or written; what was not acknowledged may be sent again."""


class Database:
    """The database behind an event log, opened when it is first used and migrated when it is first written.

    Rows become visible in the order of their numbers: whoever writes excludes other writers until its commit, so a
    reader that has seen a number has seen all before it.
    """

    def __init__(self, url: URL, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        self.url = url
        self._migrations = migrations
        self._engine: Engine | None = None
        self._migrated = False
        self._opening = threading.Lock()

    @classmethod
    def at(cls, text_of_url: str, folder: Path) -> Database:
        """Return the database of a SQLAlchemy URL; a SQLite file is relative to `folder`.

        Raises
        ------
        ConfigError
            If the URL can't be read, or is neither SQLite's nor PostgreSQL's.
        """
        try:
            url = make_url(text_of_url)
        except (ArgumentError, ValueError):
            raise ConfigError(
                "serving.event_log: not a SQLAlchemy URL; write sqlite:///events.db or "
                "postgresql://user:password@host/database"
            ) from None
        kind = url.get_backend_name()
        if kind == "sqlite" and url.database and url.database != ":memory:":
            return cls(url.set(database=str(folder / url.database)))
        if kind == "postgresql":
            if url.drivername == "postgresql":
                url = url.set(drivername="postgresql+psycopg")
            if find_spec("psycopg") is None:
                raise ConfigError(f"serving.event_log: the driver for PostgreSQL is not installed; {INSTALL_POSTGRES}")
            return cls(url)
        raise ConfigError(f"serving.event_log: must be a file of SQLite or a database of PostgreSQL, not {kind}")

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file of SQLite's."""
        return self.url.get_backend_name() == "sqlite"

    def exists(self) -> bool:
        """Tell whether there is anything to read: a file of SQLite's begins with the first write."""
        return not self.is_sqlite or Path(str(self.url.database)).exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees what is committed; raises EventLogError where that can't be done."""
        with self._errors():
            self._migrate()
            options = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}  # one round trip instead of three
            with self._opened().connect().execution_options(**options) as connection:
                yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the log throughout; raises EventLogError."""
        with self._errors():
            self._migrate()
            options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
            with self._opened().connect().execution_options(**options) as connection, connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that excludes other writers and is durable once it ends; raises EventLogError."""
        with self._errors():
            self._migrate()
            with self._transaction() as connection:
                yield connection

    def close(self) -> None:
        """Let all connections go."""
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine, self._migrated = None, False

    def _migrate(self) -> None:
        if self._migrated:
            return
        with self._transaction() as connection:
            migrate(connection, self._migrations)
        self._migrated = True

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self.is_sqlite:
            # SQLite's own waiting sleeps up to 100 ms at a time; the kernel wakes the next writer at once.
            with Path(f"{self.url.database}-writers").open("a") as queue:
                fcntl.flock(queue, fcntl.LOCK_EX)
                with self._opened().connect().execution_options(writes=True) as connection, connection.begin():
                    yield connection
            return
        with self._opened().begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": WRITERS_LOCK})
            yield connection

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._open()
                weakref.finalize(self, self._engine.dispose).atexit = False  # whoever opens a log may just drop it
            return self._engine

    def _open(self) -> Engine:
        if not self.is_sqlite:
            arguments = {"connect_timeout": CONNECT_SECONDS}
            engine = create_engine(self.url, connect_args=arguments, pool_size=8, max_overflow=8, pool_pre_ping=True)
            event.listen(engine, "connect", _set_up_postgresql)
            return engine
        engine = create_engine(self.url, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=8)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except NoSuchModuleError:
            raise ConfigError(f"{self.name}: SQLAlchemy knows no database {self.url.drivername!r}") from None
        except SQLAlchemyError as error:
            cause = " ".join(str(getattr(error, "orig", None) or error).split())
            if self.url.password:
                cause = cause.replace(self.url.password, "***")
            raise EventLogError(f"{self.name}: {cause}") from None
        except OSError as error:
            raise EventLogError(f"{self.name}: {error.strerror}") from None


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, not only unlinked
    cursor.close()


def _set_up_postgresql(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
