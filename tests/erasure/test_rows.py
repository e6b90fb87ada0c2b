from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from recommender.erasure import Wanted, search, take_out
from recommender.errors import StoreError
from recommender.event_log import EventLog, LoggedEvent, back_up

WANTED = Wanted("u;1", ("s1",))


def test_rows_go_from_tables_of_users_and_the_others_stay_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "slates.csv"
    path.write_text('user_id,item_id,rank\nu;1,a,1\nu;10,"b,c",1\nu;1,b,2\nx,u;1,1\n')
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    taken = take_out(path, WANTED)
    assert path.read_text() == 'user_id,item_id,rank\nu;10,"b,c",1\nx,u;1,1\n'
    assert taken is not None
    assert (taken.rows, taken.sha256_before) == (2, before)
    assert taken.sha256_after == hashlib.sha256(path.read_bytes()).hexdigest()
    assert take_out(path, WANTED) is None
    assert list(tmp_path.iterdir()) == [path]


def test_refused_rows_go_where_any_cell_names_the_user(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text('source,line,reason,row\nshop,2,bad_time,"u;1,a,soon"\nshop,3,bad_time,"u;10,a,soon"\n')
    assert take_out(path, WANTED) is not None
    assert path.read_text() == 'source,line,reason,row\nshop,3,bad_time,"u;10,a,soon"\n'


def test_json_lines_and_parquet(tmp_path: Path) -> None:
    lines = tmp_path / "slates.jsonl"
    lines.write_text('{"user_id":"u;1","item_id":"a"}\n{"user_id":"x","item_id":"u;1"}\n{"note":"u;1 called"}\n')
    assert take_out(lines, WANTED) is not None
    assert lines.read_text() == '{"user_id":"x","item_id":"u;1"}\n'
    table = tmp_path / "slates.parquet"
    frame = pd.DataFrame({"user_id": ["u;1", "x", None], "session_id": [None, "s1", "s2"], "n": [1, 2, 3]})
    frame.to_parquet(table)
    taken = take_out(table, WANTED)
    assert taken is not None
    assert taken.rows == 2
    assert pd.read_parquet(table)["n"].tolist() == [3]
    assert search(table, WANTED) is None


def test_a_backup_of_the_event_log_is_a_log_too(tmp_path: Path) -> None:
    log = EventLog.at("sqlite:///events.db", tmp_path)
    log.append(
        [
            LoggedEvent(f"e{n}", "view", 1, 1.0, "i", user_id=user, session_id=f"s{n}")
            for n, user in enumerate(["x", "u;1"])
        ]
    )
    back_up(log.database, tmp_path / "backup.db")
    log.close()
    taken = take_out(tmp_path / "backup.db", WANTED)
    assert taken is not None
    assert taken.rows == 1
    assert search(tmp_path / "backup.db", WANTED) is None
    assert search(tmp_path / "events.db", WANTED) is not None, "the log itself is erased by itself"


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slates.csv"
    path.write_text("user_id\nu;1\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recommender.erasure.rows.os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        take_out(path, WANTED)
    assert [one.read_text() for one in tmp_path.iterdir()] == ["user_id\nu;1\n"]
