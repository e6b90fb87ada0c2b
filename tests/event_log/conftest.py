"""Logs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from recommender.event_log import EventLog


@pytest.fixture
def own_schema(postgres: str) -> Callable[[], str]:
    """Make schemas in the server, return their URLs: databases would take longer to make and to stop."""
    server = make_url(postgres).set(drivername="postgresql+psycopg")

    def make() -> str:
        name = f"log_{uuid.uuid4().hex}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
        engine.dispose()
        return server.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest) -> str:
    return "sqlite:///events.db" if request.param == "sqlite" else str(request.getfixturevalue("own_schema")())


@pytest.fixture
def open_log(tmp_path: Path) -> Iterator[Callable[[str], EventLog]]:
    """Open logs, closed with the test."""
    opened: list[EventLog] = []

    def open_at(url: str) -> EventLog:
        opened.append(EventLog.at(url, tmp_path))
        return opened[-1]

    yield open_at
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log: Callable[[str], EventLog], log_url: str) -> EventLog:
    """An empty log, once on each kind of database."""
    return open_log(log_url)
