from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from recommender.errors import ConfigError, DataError
from recommender.ingest.sources import sql

if TYPE_CHECKING:
    from conftest import Read

QUERY = "SELECT * FROM events ORDER BY item_id"


@pytest.fixture
def shop_db(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE events (user_id, item_id, event, timestamp, quantity, price)")
        rows = [
            (1, "a", "purchase", "2024-01-01 12:00:00", 1, 9.5),
            ("007", "b", "view", 1704110400, None, None),
            (2.0, "c", "purchase", "2024-01-01T12:00:00Z", -1, None),
            (None, "d", "purchase", "2024-01-01", 1, 1),
            (b"raw", "e", "view", "2024-01-01", 1, "1.5"),
        ]
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return path


def test_sqlite_with_mixed_types(read: Read, shop_db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "FETCH_ROWS", 1)
    dataset, report = read(events="sqlite:///shop.db", events_query=QUERY)
    assert [bytes(text) for text in dataset.users] == [b"007", b"1", b"2", b"raw"]
    assert report.events[0].refused == {"missing_actor": 1}
    assert "sqlite:///" in (tmp_path / "refused" / "events.csv").read_text()
    assert ",4,missing_actor," in (tmp_path / "refused" / "events.csv").read_text()


def test_postgresql_types_and_a_query_with_colons_and_percents(read: Read, postgres: str) -> None:
    query = """
        SELECT n AS user_id, gen_random_uuid() AS session_id, (n % 7)::numeric(10, 2) AS item_id, 'view' AS event,
               timestamptz '2024-01-01 12:00:00+01' + n * interval '1 second' AS timestamp, 2.5::numeric AS price,
               1::smallint AS quantity
        FROM generate_series(1, 120000) AS n WHERE 'a:b' LIKE 'a%'
    """
    dataset, report = read(events=postgres, events_query=query)
    assert len(dataset.events) == 120_000
    assert len(dataset.items) == 7
    assert dataset.items.id_of(3) == "3"
    assert dataset.events.time[0] == 1704106801
    assert not report.events[0].refused


def test_the_catalogue_by_query(read: Read, shop_db: Path) -> None:
    catalogue = "SELECT item_id, upper(item_id) AS title FROM events WHERE item_id < 'c'"
    dataset, _ = read(
        events="sqlite:///shop.db", events_query=QUERY, catalogue="sqlite:///shop.db", catalogue_query=catalogue
    )
    assert dataset.catalogue.table["title"].to_pylist() == ["A", "B", None, None]


def test_what_goes_wrong_with_a_database(read: Read, shop_db: Path, postgres: str) -> None:
    with pytest.raises(ConfigError, match=r"data.events_query is missing: sqlite:///shop.db is a database"):
        read(events="sqlite:///shop.db")
    with pytest.raises(DataError, match=r"other.db: no such SQLite file; data.events names it"):
        read(events="sqlite:///other.db", events_query=QUERY)
    with pytest.raises(DataError, match=r"events_query failed: no such table: absent"):
        read(events="sqlite:///shop.db", events_query="SELECT * FROM absent")
    with pytest.raises(ConfigError, match=r"the statement returns no rows; write a SELECT"):
        read(events="sqlite:///shop.db", events_query="CREATE TABLE x (y)")
    with pytest.raises(ConfigError, match=r"SQLAlchemy knows no database 'nosuch'"):
        read(events="nosuch://host/db", events_query=QUERY)
    with pytest.raises(ConfigError, match=r"its driver 'MySQLdb' is not installed; pip install mysqlclient"):
        read(events="mysql://host/db", events_query=QUERY)
    with pytest.raises(DataError, match=r"no column 'item_id'; found 'user_id'"):
        read(events="sqlite:///shop.db", events_query="SELECT user_id FROM events")
    with pytest.raises(DataError, match=r'events_query failed: relation "absent" does not exist'):
        read(events=postgres, events_query="SELECT * FROM absent")


def test_a_file_that_is_no_database(read: Read) -> None:
    with pytest.raises(DataError, match=r"events_query failed: file is not a database"):
        read({"shop.db": b"rubbish" * 1000}, events="sqlite:///shop.db", events_query=QUERY)


@pytest.mark.parametrize(
    "url", ["postgresql://ann:sesame@127.0.0.1:1/shop", "postgresql://ann:sesame@127.0.0.1:port/shop"]
)
def test_a_password_is_never_shown(read: Read, url: str) -> None:
    with pytest.raises((DataError, ConfigError)) as caught:
        read(events=url, events_query=QUERY)
    shown = []
    error: BaseException | None = caught.value
    while error is not None:
        shown.append(str(error))
        error = error.__cause__
    assert "sesame" not in " ".join(shown)


def test_nothing_is_written_to_the_database(read: Read, postgres: str) -> None:
    with pytest.raises((DataError, ConfigError)):
        read(events=postgres, events_query="CREATE TABLE left_behind (x int)")
    engine = create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regclass('left_behind')")).scalar() is None
    engine.dispose()
