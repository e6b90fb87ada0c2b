"""CSV: every row with its physical line, and a broken row costs itself only."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.config import parse_config
from recommender.ingest import read_dataset
from recommender.ingest.sources import csv as csv_source
from recommender.ingest.sources.csv import CsvSource
from recommender.ingest.sources.csv_records import quoted_spans, record_ends

if TYPE_CHECKING:
    from conftest import Read

BROKEN = (
    b"\xef\xbb\xbf\r\n"
    b"user_id,item_id,event,timestamp,quantity,note\r\n"
    b'u1,i1,purchase,2024-01-01,1,"two\nlines"\r\n'
    b"\r\n"
    b"u2,i2,purchase,1700000000,2,\r\n"
    b'u3,"a,b",view,2024-01-01T00:00:00Z,,\xff\r\n'
    b"u4,i4,view,2024-01-01T00:00:00Z,0,\r\n"
    b"u5,i5,view\r\n"
    b"   \r\n"
    b"u6,i6,view,2024-01-01T00:00:00Z,1,x,y\r\n"
    b'u7,"never,ends,view\r\n'
    b"u8,i8,view,2025-01-01 12:00,1,q"
)


def refused_rows(folder: Path, name: str = "events") -> list[list[str]]:
    with (folder / "refused" / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_refused_rows_are_written_with_line_reason_and_text(read: Read, tmp_path: Path) -> None:
    dataset, report = read({"events.csv": BROKEN})
    assert dataset.users.ids_of(dataset.events.user) == ["u2", "u1", "u8"]
    assert refused_rows(tmp_path) == [
        ["source", "line", "reason", "row"],
        ["events.csv", "7", "invalid_utf8", 'u3,"a,b",view,2024-01-01T00:00:00Z,,\\xff'],
        ["events.csv", "8", "bad_quantity", "u4,i4,view,2024-01-01T00:00:00Z,0,"],
        ["events.csv", "9", "wrong_number_of_fields", "u5,i5,view"],
        ["events.csv", "11", "wrong_number_of_fields", "u6,i6,view,2024-01-01T00:00:00Z,1,x,y"],
        ["events.csv", "12", "unclosed_quote", 'u7,"never,ends,view'],
    ]
    assert report.refused_files == {"events": str(tmp_path / "refused" / "events.csv")}
    assert report.events[0].read == 8
    assert report.events[0].used == 3


@pytest.mark.parametrize("size", range(60, 80))
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_where_blocks_end_changes_nothing(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, line_end: str
) -> None:
    rows = [f'u{i},"i{i} {line_end} ""x""",{i % 7}' if i % 3 else f"u{i},i{i},{i % 7}{line_end}" for i in range(100)]
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", size)
    _, report = read({"events.csv": line_end.join(["user_id,item_id,quantity", *rows])})
    text = line_end.join(["user_id,item_id,quantity", *rows])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = refused_rows(tmp_path)[1:]
    assert report.events[0].read == 100
    assert len(found) == 100 - len([i for i in range(100) if i % 3 == 0 and i % 7])
    assert all(row.startswith(lines[int(line) - 1]) for _, line, _, row in found)


def test_no_refused_row_no_file_and_an_old_one_goes(read: Read, tmp_path: Path) -> None:
    read({"events.csv": BROKEN})
    _, report = read({"events.csv": "user_id,item_id\nu,i\n"})
    assert not (tmp_path / "refused" / "events.csv").exists()
    assert report.refused_files == {}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(read: Read, mark: str) -> None:
    rows = [["user_id", "item_id", "a, strange; name"], ["u", "i,;|", ""], ["", "", ""]]
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows[:2])
    dataset, _ = read({"events.csv": out.getvalue()})
    assert dataset.items.ids_of(dataset.events.item) == ["i,;|"]


def test_old_macintosh_line_ends(read: Read) -> None:
    dataset, _ = read({"events.csv": "user_id,item_id\ru1,i1\ru2,i2\r"})
    assert dataset.users.ids_of(dataset.events.user) == ["u1", "u2"]


def test_quotes_inside_unquoted_fields_are_letters(read: Read) -> None:
    dataset, report = read({"events.csv": 'user_id,item_id\nu1,5" pipe\nu2,"6"" pipe"\nu3,7" pipe\n'})
    assert dataset.items.ids_of(dataset.events.item) == ['5" pipe', '6" pipe', '7" pipe']
    assert not report.events[0].refused


def test_an_unclosed_quote_far_from_the_end_costs_one_line(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "MAX_RECORD_BYTES", 500)
    monkeypatch.setattr(csv_source, "BLOCK_BYTES", 1000)
    rows = [f"u{i},i{i}" for i in range(1000)]
    rows[10] = 'u10,"i10'
    dataset, report = read({"events.csv": "\n".join(["user_id,item_id", *rows])})
    assert len(dataset.events) == 999
    assert report.events[0].refused == {"unclosed_quote": 1}
    assert refused_rows(tmp_path)[1][:3] == ["events.csv", "12", "unclosed_quote"]


FIELD = st.text(st.sampled_from('ab",\n é'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.text("ab", min_size=1), FIELD), min_size=1, max_size=8), st.booleans())
def test_records_are_those_of_pythons_csv_reader(rows: list[tuple[str, str]], quote_all: bool) -> None:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator="\n", quoting=quoting).writerows(rows)
    data = out.getvalue().encode()
    starts, stops, lines = record_ends(np.frombuffer(data, np.uint8), ord(","))
    found = [data[a:b].decode() for a, b in zip(starts, stops, strict=True)]
    assert [tuple(next(csv.reader(io.StringIO(text)))) for text in found] == rows
    assert lines.tolist() == [data[:start].count(b"\n") for start in starts]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('ab",\n\r '), max_size=60))
def test_any_text_is_cut_as_arrow_cuts_it(tmp_path: Path, text: str) -> None:
    """Every row that is read or refused stands where the report says, and no text stops the reading."""
    data = ("user_id,item_id\n" + text).encode()
    (tmp_path / "events.csv").write_bytes(data)
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").decode().split("\n")
    for batch in CsvSource(tmp_path / "events.csv", "events.csv").batches(["user_id", "item_id"]):
        for row, line in enumerate(batch.lines.tolist()):
            assert (
                lines[line - 1]
                .lstrip('"')
                .startswith(batch.columns.column(0)[row].as_py().split("\n")[0][:1].strip('"\r'))
            )
        for refusal in batch.refused:
            assert lines[refusal.line - 1].startswith(refusal.row.replace("\r", "\n").split("\n")[0])


def test_quotes_walked_one_by_one_are_those_that_alternate() -> None:
    regular = np.frombuffer(b'"a""b",c\n', np.uint8)
    assert quoted_spans(regular, ord(",")).tolist() == [0, 2, 3, 5]
    odd = np.frombuffer(b'"a""b",5" c,"d"\n', np.uint8)
    assert quoted_spans(odd, ord(",")).tolist() == [0, 5, 12, 14]


def test_progress_counts_rows(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,item_id\nu,i\nv,j\n")
    calls: list[tuple[str, int, int | None]] = []
    config = parse_config({"data": {"events": "events.csv"}}, folder=tmp_path)
    read_dataset(config, progress=lambda *call: calls.append(call))
    assert calls == [("reading events", 2, None)]
