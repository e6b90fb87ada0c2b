"""CSV files, plain or gzip, in UTF-8: every column as text, every row with its physical line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from recommender.errors import DataError
from recommender.ingest.checks import Reason
from recommender.ingest.sources.csv_records import record_ends
from recommender.ingest.sources.opened import opened
from recommender.ingest.sources.source import Batch, Refusal

BLOCK_BYTES = 16 << 20
MAX_RECORD_BYTES = 1 << 20
PROBE_BYTES = 1 << 16
DELIMITERS = ",;\t|"
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One CSV file with a header."""

    path: Path
    name: str
    encoding: str = "utf-8"
    rows: None = None

    def columns(self) -> list[str]:
        """Return the names of the header."""
        with opened(self.path, self.name, self.encoding) as stream:
            return _read_header(stream.read(MAX_RECORD_BYTES), self.name).columns

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns as text."""
        with opened(self.path, self.name, self.encoding) as stream:
            first = stream.read(BLOCK_BYTES)
            header = _read_header(first, self.name)
            for records in _records(stream, first[header.size :], header):
                yield _parse(records, header, columns, self.name)


@dataclass(frozen=True, slots=True)
class _Header:
    columns: list[str]
    delimiter: str
    size: int
    lines: int


@dataclass(frozen=True, slots=True)
class _Records:
    """Whole records of a file; `broken` is the first line of one that never ends, instead of any."""

    block: bytes
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    lines: NDArray[np.int64]
    broken: bool = False

    def text(self, i: int) -> str:
        return self.block[self.starts[i] : self.stops[i]].decode(errors="backslashreplace").rstrip("\r\n")


def _read_header(head: bytes, name: str) -> _Header:
    _require_text(head, name)
    bom = len(UTF8_BOM) if head.startswith(UTF8_BOM) else 0
    body = head[bom:]
    line = next((line for line in body.splitlines() if line.strip()), b"")
    if not line:
        raise DataError(f"{name}: is empty; it needs a header and rows")
    delimiter = _sniff(line)
    array = np.frombuffer(body if body.endswith((b"\n", b"\r")) else body + b"\n", dtype=np.uint8)
    starts, stops, lines = record_ends(array, ord(delimiter))
    for i, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        if body[start:stop].strip():
            lines_after = int(lines[i + 1]) if i + 1 < len(lines) else int(lines[i]) + 1
            return _Header(_names(body[start:stop], delimiter, name), delimiter, bom + stop, lines_after)
    raise DataError(f"{name}: the quotes of its header never end; write it as CSV with one header line")


def _require_text(head: bytes, name: str) -> None:
    if head.startswith(UTF16_BOMS):
        raise DataError(f"{name}: is UTF-16 text; save it as UTF-8")
    if head.startswith(b"PAR1"):
        raise DataError(f"{name}: is a Parquet file; give it the ending .parquet")
    if b"\0" in head[:PROBE_BYTES]:
        raise DataError(f"{name}: is binary, not CSV text; give a CSV file in UTF-8, or Parquet as .parquet")


def _sniff(line: bytes) -> str:
    unquoted = b"".join(line.split(b'"')[::2])
    counts = Counter({mark: unquoted.count(mark.encode()) for mark in DELIMITERS})
    return counts.most_common(1)[0][0]


def _names(record: bytes, delimiter: str, name: str) -> list[str]:
    try:
        text = record.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise DataError(f"{name}: its header is not UTF-8 text; save the file as CSV in UTF-8") from None
    return [column.strip() for column in next(csv.reader([text], delimiter=delimiter))]


def _records(stream: IO[bytes], rest: bytes, header: _Header) -> Iterator[_Records]:
    """Cut the file after its header; a record that never ends costs its first line only."""
    line = header.lines + 1
    for data in chain(iter(lambda: stream.read(BLOCK_BYTES), b""), [b""]):
        final = not data
        block = rest + data
        if final and block and not block.endswith((b"\n", b"\r")):
            block += b"\n"
        while block:
            # A CR at the end may be half of a CRLF: its record waits for the next block.
            whole = block if final or not block.endswith(b"\r") else block[:-1]
            starts, stops, lines = record_ends(np.frombuffer(whole, dtype=np.uint8), ord(header.delimiter))
            end = int(stops[-1]) if len(stops) else 0
            if end:
                yield _Records(block, starts, stops, lines + line)
                line += _count_lines(block[:end])
                block = block[end:]
            if not block or not (final or len(block) > MAX_RECORD_BYTES):
                break
            size = len(block.splitlines(keepends=True)[0])
            zero = np.zeros(1, dtype=np.int64)
            yield _Records(block, zero, zero + size, zero + line, broken=True)
            line += 1
            block = block[size:]
        rest = block


def _count_lines(block: bytes) -> int:
    return block.count(b"\n") + (block.count(b"\r") - block.count(b"\r\n") if b"\r" in block else 0)


def _parse(records: _Records, header: _Header, columns: Sequence[str], name: str) -> Batch:
    if records.broken:
        refusal = Refusal(int(records.lines[0]), Reason.UNCLOSED_QUOTE.code, records.text(0))
        empty = pa.RecordBatch.from_pydict({column: pa.array([], pa.string()) for column in columns})
        return Batch(empty, np.zeros(0, dtype=np.int64), records.text, [refusal])
    records = _without_blank_lines(records)
    records, refused = _without_invalid_text(records)
    table, odd = _read_block(records, header, columns)
    keep = np.ones(len(records.lines), dtype=bool)
    for row in odd:
        keep[row] = False
        refused.append(Refusal(int(records.lines[row]), Reason.WRONG_NUMBER_OF_FIELDS.code, records.text(row)))
    kept = _select(records, keep)
    if table.num_rows != len(kept.lines):
        raise DataError(f"{name}: the quotes near line {records.lines[0]} can't be understood; write it as plain CSV")
    return Batch(table, kept.lines, kept.text, refused)


def _read_block(records: _Records, header: _Header, columns: Sequence[str]) -> tuple[pa.RecordBatch, list[int]]:
    """Parse whole records; also return the positions of those with too few or too many fields."""
    if not len(records.lines):
        return pa.RecordBatch.from_pydict({column: pa.array([], pa.string()) for column in columns}), []
    odd: list[int] = []

    def skip(row: arrow_csv.InvalidRow) -> Literal["skip"]:
        odd.append((row.number or 0) - 1)
        return "skip"

    block = pa.py_buffer(records.block).slice(int(records.starts[0]), int(records.stops[-1] - records.starts[0]))
    unique = [f"{i}" for i in range(len(header.columns))]
    position = {column: f"{i}" for i, column in enumerate(header.columns)}
    wanted = [position[column] for column in columns]
    stream: Any = pa.BufferReader(block)
    table = arrow_csv.read_csv(
        stream,
        # One thread: only then does Arrow say which row is odd.
        read_options=arrow_csv.ReadOptions(column_names=unique, block_size=block.size + 1, use_threads=False),
        parse_options=arrow_csv.ParseOptions(
            delimiter=header.delimiter, newlines_in_values=True, invalid_row_handler=skip
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=wanted,
            column_types={column: pa.string() for column in wanted},
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    arrays = [table[column].combine_chunks() for column in wanted]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns)), odd


def _without_blank_lines(records: _Records) -> _Records:
    """Leave out lines that hold nothing but blanks; Arrow itself skips only those without any byte."""
    first = np.frombuffer(records.block, dtype=np.uint8)[records.starts]
    candidates = np.flatnonzero(np.isin(first, list(b"\n\r "))).tolist()
    blank = [i for i in candidates if not records.block[records.starts[i] : records.stops[i]].strip()]
    if not blank:
        return records
    keep = np.ones(len(records.lines), dtype=bool)
    keep[blank] = False
    return _rebuild(_select(records, keep))


def _without_invalid_text(records: _Records) -> tuple[_Records, list[Refusal]]:
    try:
        records.block.decode()
    except UnicodeDecodeError:
        pass
    else:
        return records, []
    keep = np.array([_is_text(records, i) for i in range(len(records.lines))], dtype=bool)
    refused = [
        Refusal(int(records.lines[i]), Reason.INVALID_UTF8.code, records.text(i))
        for i in np.flatnonzero(~keep).tolist()
    ]
    return _rebuild(_select(records, keep)), refused


def _is_text(records: _Records, i: int) -> bool:
    try:
        records.block[records.starts[i] : records.stops[i]].decode()
    except UnicodeDecodeError:
        return False
    return True


def _select(records: _Records, keep: NDArray[np.bool_]) -> _Records:
    return _Records(records.block, records.starts[keep], records.stops[keep], records.lines[keep])


def _rebuild(records: _Records) -> _Records:
    """Return the same records without the bytes between them."""
    spans = zip(records.starts.tolist(), records.stops.tolist(), strict=True)
    block = b"".join(records.block[start:stop] for start, stop in spans)
    stops = np.cumsum(records.stops - records.starts)
    return _Records(block, stops - (records.stops - records.starts), stops, records.lines)
