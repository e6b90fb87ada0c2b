"""A log of an earlier schema is brought up to date, once; one of a later schema is left alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, inspect, text

from recommender.errors import StoreError
from recommender.event_log import EventLog, LoggedEvent
from recommender.event_log.database import Database
from recommender.event_log.schema import EVENTS, METADATA, MIGRATIONS, SCHEMA_VERSION, version_of

EVENT = LoggedEvent("e1", "view", 1, 1.0, "i1", user_id="u")


def add_a_column(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE events ADD COLUMN channel TEXT"))
    connection.execute(text("UPDATE events SET channel = 'web'"))


def test_the_steps_together_make_the_tables(log: EventLog) -> None:
    log.append([EVENT])
    with log.database.reading() as connection:
        assert version_of(connection) == SCHEMA_VERSION
        found = inspect(connection)
        for table in METADATA.tables.values():
            assert {column["name"] for column in found.get_columns(table.name)} == set(table.columns.keys())
        assert {index["name"] for index in found.get_indexes("events")} >= {index.name for index in EVENTS.indexes}


def test_a_new_step_runs_once_on_a_log_with_rows(log: EventLog) -> None:
    log.append([EVENT])
    log.close()
    for _ in range(2):
        newer = Database(log.database.url, (*MIGRATIONS, add_a_column))
        with newer.reading() as connection:
            assert version_of(connection) == SCHEMA_VERSION + 1
            assert connection.execute(text("SELECT item_id, channel FROM events")).all() == [("i1", "web")]
        newer.close()
    with pytest.raises(StoreError, match=f"has schema {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"):
        log.append([EVENT])


def test_a_step_that_fails_leaves_the_log_as_it_was(log: EventLog) -> None:
    def fail(connection: Connection) -> None:
        add_a_column(connection)
        raise StoreError("no")

    log.append([EVENT])
    newer = Database(log.database.url, (*MIGRATIONS, fail))
    with pytest.raises(StoreError, match="no"), newer.reading():
        pass
    newer.close()
    log.append([EVENT])
    with log.database.reading() as connection:
        assert "channel" not in {column["name"] for column in inspect(connection).get_columns("events")}


def test_many_may_be_the_first(log_url: str, open_log: Callable[[str], EventLog]) -> None:
    logs = [open_log(log_url) for _ in range(6)]
    events = [LoggedEvent(f"e{number}", "view", 1, 1.0, "i1", user_id="u") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: pair[0].append([pair[1]]), zip(logs, events, strict=True)))
    assert len(logs[0].recent("u", None, position=0, as_of=None).events) == 6
