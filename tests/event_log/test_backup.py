"""A backup is a log; restoring it gives the same log, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from recommender.errors import StoreError
from recommender.event_log import EventLog, LoggedEvent, ServedSlate, back_up, restore
from recommender.event_log.backup import TABLES

OpenLog = Callable[[str], EventLog]


def filled(log: EventLog) -> EventLog:
    events = [
        LoggedEvent(f"e{number}", "view", number, 1.5, "☕", session_id=f"s{number % 3}", price=0.1)
        for number in range(50)
    ]
    log.append(events, [ServedSlate("r", 1.0, "popular", "v1", ("a",), (("b", "als"),))])
    log.merge("s1", "u")
    log.erase("x")
    return log


def content(log: EventLog) -> list[object]:
    with log.database.reading() as connection:
        return [connection.execute(select(table).order_by(*table.primary_key.columns)).all() for table in TABLES]


def test_a_backup_is_a_log_and_restores_to_the_same(
    log: EventLog, tmp_path: Path, own_schema: Callable[[], str], open_log: OpenLog
) -> None:
    before = content(filled(log))
    file = tmp_path / "backup.db"
    assert back_up(log.database, file) == 50 + 1 + 1 + 1
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup.db"]
    assert content(open_log(f"sqlite:///{file}")) == before
    for url in ("sqlite:///restored.db", own_schema()):
        other = open_log(url)
        assert restore(other.database, file) == 53
        assert content(other) == before
        other.append([LoggedEvent("new", "view", 1, 1.0, "i", user_id="u")])
        assert other.position() == 51


def test_a_backup_never_writes_over_anything(log: EventLog, tmp_path: Path) -> None:
    filled(log)
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        back_up(log.database, tmp_path / "taken")
    with pytest.raises(StoreError, match="No such file or directory"):
        back_up(log.database, tmp_path / "nowhere" / "backup.db")
    assert (tmp_path / "taken").read_text() == "mine"


def test_restoring_takes_a_backup_and_an_empty_log(log: EventLog, tmp_path: Path, open_log: OpenLog) -> None:
    filled(log)
    file = tmp_path / "backup.db"
    back_up(log.database, file)
    before = content(log)
    with pytest.raises(StoreError, match="has rows already"):
        restore(log.database, file)
    assert content(log) == before
    (tmp_path / "rubbish.db").write_bytes(b"no database" * 100)
    for wrong, says in (("missing.db", "no such file"), ("rubbish.db", "not a database")):
        with pytest.raises(StoreError, match=says):
            restore(open_log("sqlite:///other.db").database, tmp_path / wrong)
