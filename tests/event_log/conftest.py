"""Logs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recommender.event_log import EventLog


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
