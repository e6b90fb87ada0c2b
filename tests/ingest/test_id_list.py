"""A list of ids: each row is taken as it is, or the file is refused with the line that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DataError
from recommender.ingest import IdList, read_id_list

AWKWARD = ["007", "NA", "null", "a/b", "🦊", "1e5", " spaced ", "9007199254740993", "a;b", "ü\u2028x", "'", "=1+1"]


def listed(tmp_path: Path, content: str | bytes, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_ids_stay_what_they_are(tmp_path: Path) -> None:
    path = listed(tmp_path, "user_id\n" + "".join(f"{one}\n" for one in AWKWARD))
    assert read_id_list(path, "user_id") == IdList(AWKWARD, 0)


def test_quoted_ids(tmp_path: Path) -> None:
    path = listed(tmp_path, 'user_id\n"a,b"\n"say ""hi"""\n"plain"\n')
    assert read_id_list(path, "user_id").ids == ["a,b", 'say "hi"', "plain"]


def test_repeated_ids_come_once_where_they_stood_first(tmp_path: Path) -> None:
    assert read_id_list(listed(tmp_path, "user_id\nb\na\nb\nc\na\nb\n"), "user_id") == IdList(["b", "a", "c"], 3)


@pytest.mark.parametrize(
    "content",
    [
        "name,user_id,city\nAnn,u1,Ulm\nBob,u2,Bern\n",
        "city;user_id\nUlm;u1\nBern;u2\n",
        "\ufeffuser_id\nu1\nu2\n",
        "user_id\r\nu1\r\nu2\r\n",
        "user_id\n\nu1\n\n \nu2",
    ],
    ids=["more columns", "semicolons", "byte-order mark", "CRLF", "blank lines, no last line break"],
)
def test_kinds_of_csv(tmp_path: Path, content: str) -> None:
    assert read_id_list(listed(tmp_path, content), "user_id").ids == ["u1", "u2"]


def test_whatever_the_file_is_called(tmp_path: Path) -> None:
    assert read_id_list(listed(tmp_path, "item_id\ni1\n", "of-the-week"), "item_id").ids == ["i1"]


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [7, 8, 7]}), tmp_path / "list.parquet")
    assert read_id_list(tmp_path / "list.parquet", "user_id") == IdList(["7", "8"], 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty; it needs a header and rows"),
        ("user_id\n", "has no rows; it needs a line for each user_id"),
        ("user_id\n\n\n", "has no rows"),
        ("customer,name\nu1,Ann\n", "has no column 'user_id'; its header names 'customer', 'name'"),
        ("u1\nu2\n", "has no column 'user_id'; its header names 'u1'"),
        ('user_id\nu1\n""\n', "line 3: no user_id; write a user_id in every line"),
        ("name,user_id\nAnn,u1\n\nBob,\n", "line 4: no user_id"),
        (f"user_id\nu1\n{'x' * 257}\n", "line 3: id_too_long; write ids of 256 bytes or fewer"),
        ("user_id\nu1\nu\t2\n", "line 3: id_with_control_characters; remove tabs and line breaks from ids"),
        ('user_id\nu1\n"u\n2"\nu3\n', "line 3: id_with_control_characters"),
        ("user_id\nu1\nu2,u3\n", "line 3: wrong_number_of_fields; put values that hold a separator in quotes"),
        (b"user_id\nu1\nu\xff2\n", "line 3: invalid_utf8; save the file as UTF-8"),
        ('user_id\nu1\n"u2\nu3\n', "line 3: unclosed_quote"),
        ("user_id\nu1\n".encode("utf-16"), "is UTF-16 text"),
        (bytes(range(256)), "is binary, not CSV text"),
    ],
)
def test_what_is_wrong_names_file_and_line(tmp_path: Path, content: str | bytes, says: str) -> None:
    path = listed(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_id_list(path, "user_id")
    assert str(caught.value).startswith(f"{path}: {says}")


def test_the_first_wrong_line_is_named(tmp_path: Path) -> None:
    path = listed(tmp_path, f"user_id\nu1\nu2,u3\n{'x' * 300}\nu4,u5\n")
    with pytest.raises(DataError, match="line 3"):
        read_id_list(path, "user_id")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        read_id_list(tmp_path / "none.csv", "user_id")
    with pytest.raises(DataError, match="is a directory; name a file in it"):
        read_id_list(tmp_path, "user_id")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="is a pipe"):
        read_id_list(tmp_path / "pipe", "user_id")
