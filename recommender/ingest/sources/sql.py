"""The answer of a SQL query, streamed, by SQLAlchemy URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
from sqlalchemy import URL, CursorResult, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from recommender.errors import ConfigError, DataError
from recommender.ingest.sources.source import Batch, table_batch
from recommender.ingest.sources.table import to_array

FETCH_ROWS = 50_000
INSTALL = {"postgresql": "pip install 'alsobought[postgres]'", "mysql": "pip install mysqlclient"}


@dataclass(frozen=True, slots=True)
class SqlSource:
    """One query; `key` is its key in shop.toml, for messages."""

    url: URL
    query: str
    key: str
    rows: None = None

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    def columns(self) -> list[str]:
        """Return the names of the columns that the query answers."""
        with self._answer() as answer:
            return list(answer.keys())

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Stream the named columns."""
        first = 1
        with self._answer() as answer:
            names = list(answer.keys())
            places = [names.index(column) for column in columns]
            for rows in answer.partitions(FETCH_ROWS):
                arrays = [to_array([row[place] for row in rows]) for place in places]
                yield table_batch(pa.RecordBatch.from_arrays(arrays, names=list(columns)), first)
                first += len(rows)

    @contextmanager
    def _answer(self) -> Iterator[CursorResult[tuple[object, ...]]]:
        engine = self._engine()
        # A stream, and the query exactly as written: neither ":" nor "%" in it means anything to us.
        options = {"stream_results": True, "yield_per": FETCH_ROWS, "no_parameters": True}
        try:
            with engine.connect() as connection:
                answer = connection.execution_options(**options).exec_driver_sql(self.query)
                if not answer.returns_rows:
                    raise ConfigError(f"data.{self.key}: the statement returns no rows; write a SELECT")
                with closing(answer):
                    yield answer
        except DBAPIError as error:
            raise DataError(f"{self.name}: {self.key} failed: {self._without_password(str(error.orig))}") from None
        except SQLAlchemyError as error:
            raise DataError(f"{self.name}: {self.key} failed: {self._without_password(str(error))}") from None
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        try:
            return create_engine(self.url)
        except NoSuchModuleError:
            raise ConfigError(f"{self.name}: SQLAlchemy knows no database {self.url.drivername!r}") from None
        except ModuleNotFoundError as error:
            install = INSTALL.get(self.url.get_backend_name(), f"pip install {error.name}")
            raise ConfigError(f"{self.name}: its driver {error.name!r} is not installed; {install}") from None

    def _without_password(self, text: str) -> str:
        line = " ".join(text.split())
        return line.replace(self.url.password, "***") if self.url.password else line


def sql_source(text: str, query: str | None, key: str, folder: Path) -> SqlSource:
    """Return the source of a URL and a query; a SQLite file is relative to `folder`.

    Raises
    ------
    ConfigError
        If the URL can't be read or the query is missing.
    DataError
        If the SQLite file does not exist (SQLite itself would create it).
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        example = "dialect://user:password@host:port/database"
        raise ConfigError(f"data.{key.removesuffix('_query')}: not a SQLAlchemy URL; write {example}") from None
    if not query or not query.strip():
        shown = url.render_as_string(hide_password=True)
        raise ConfigError(f"data.{key} is missing: {shown} is a database, so write the SELECT to run there")
    if url.drivername == "postgresql" and find_spec("psycopg2") is None:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = folder / url.database
        if not path.is_file():
            raise DataError(f"{path}: no such SQLite file; data.{key.removesuffix('_query')} names it")
        url = url.set(database=str(path))
    return SqlSource(url, query, key)
