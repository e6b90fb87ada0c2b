from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.bundle.files import save_array, save_ids
from recommender.dataset import IdMap
from recommender.erasure import Wanted, search

WANTED = Wanted("user/4711", ("session-of-4711",))


def where(path: Path, wanted: Wanted = WANTED) -> str | None:
    hit = search(path, wanted)
    return None if hit is None else hit.where


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ('{"u": "user/4711"}', True),
        ('{"u": "user\\/4711"}', True),
        ("https://shop.example/v1/for-you?user_id=user%2F4711&k=3", True),
        ("<td>user/4711</td>", True),
        ("user/47110, user/471, a_user/4711", False),
        ("session-of-4711", True),
        ("é" * 50, False),
    ],
)
def test_text_names_a_user_as_a_word_in_any_spelling(tmp_path: Path, text: str, is_there: bool) -> None:
    for file, content in (("a.txt", text.encode()), ("a.json.gz", gzip.compress(text.encode()))):
        (tmp_path / file).write_bytes(content)
        assert (where(tmp_path / file) is not None) == is_there, file


def test_an_id_across_the_border_of_two_chunks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.erasure.file_search.CHUNK", 64)
    for before in range(40, 80):
        (tmp_path / "a.log").write_text(" " * before + "user/4711" + " " * 100)
        assert where(tmp_path / "a.log") == f"byte {before:,}"


def test_a_short_id_is_looked_for_where_users_stand_only(tmp_path: Path) -> None:
    short = Wanted("7")
    (tmp_path / "prices.json").write_text('{"price": 7}')
    (tmp_path / "lists.csv").write_text("user_id,item_id\n7,a\n")
    assert where(tmp_path / "prices.json", short) is None
    assert where(tmp_path / "lists.csv", short) == "byte 16"
    (tmp_path / "others.csv").write_text("user_id,item_id\n70,a\n")
    assert where(tmp_path / "others.csv", short) is None


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_parquet_is_read_whatever_its_pages_look_like(tmp_path: Path, compression: str) -> None:
    users = ["a", "user/4711", "b"] * 1000
    frame = pa.table({"item_id": ["user/4711"] * 3000, "who": pa.array(users).dictionary_encode()})
    pq.write_table(frame, tmp_path / "a.parquet", compression=compression)
    assert where(tmp_path / "a.parquet") == "column who"
    pq.write_table(frame.drop_columns(["who"]), tmp_path / "b.parquet")
    assert where(tmp_path / "b.parquet") is None, "an item may be called like a user"
    pq.write_table(pa.table({"who": [4711, 5]}), tmp_path / "c.parquet")
    assert where(tmp_path / "c.parquet", Wanted("4711")) == "column who"


def test_id_maps_are_looked_up_and_numbers_passed_over(tmp_path: Path) -> None:
    save_ids(tmp_path, "users", IdMap.from_ids(["a", "user/4711", "user/47110"]))
    save_ids(tmp_path, "sessions", IdMap.from_ids(["user", "/4711"]))
    save_ids(tmp_path, "items", IdMap.from_ids(["user/4711"]))
    assert where(tmp_path / "ids" / "users-blob.npy") == "the users' ids"
    assert where(tmp_path / "ids" / "sessions-blob.npy") is None, "two ids that stand side by side are no third"
    assert where(tmp_path / "ids" / "items-blob.npy") is None
    save_array(tmp_path / "n.npy", np.frombuffer(b"user/4711   ", dtype=np.int32))
    assert where(tmp_path / "n.npy") is None
    save_array(tmp_path / "s.npy", np.array(["user/4711"], dtype="S9"))
    assert where(tmp_path / "s.npy") == "byte 128"


def test_sqlite_is_searched_in_rows_and_in_pages_that_no_row_uses(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("CREATE TABLE t (user_id TEXT, item_id TEXT, n INTEGER)")
    connection.executemany("INSERT INTO t VALUES (?, ?, 1)", [(f"user/4711{n}", "thing") for n in range(300)])
    assert where(path) is None, "other users' ids begin like this one"
    connection.execute("INSERT INTO t VALUES ('user/4711', 'x', 1)")
    assert where(path) == "table t, column user_id"
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("DELETE FROM t WHERE user_id = 'user/4711'")
    assert where(path) == "pages that no row uses"
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("VACUUM")
    assert where(path) is None
    connection.execute("UPDATE t SET item_id = 'user/4711'")
    assert where(path) is None, "an item is called so"
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("INSERT INTO t VALUES ('session-of-4711', 'x', 1)")
    connection.execute("DELETE FROM t WHERE user_id = 'session-of-4711'")
    assert where(path) == "pages that no row uses", "the write-ahead log has it"
    connection.close()


def test_records_of_runs_do_not_hide_an_id(tmp_path: Path) -> None:
    (tmp_path / "00001.json").write_text(json.dumps({"robot": {"id": "user/4711"}}))
    assert where(tmp_path / "00001.json") is not None
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "a.csv")
    assert where(tmp_path / "a.csv") is None
