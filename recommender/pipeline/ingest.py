"""ingest: files that a shop has, in a format that a connector knows, to events and a catalogue as Parquet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recommender.config import Config
from recommender.errors import ConfigError, DataError, StoreError
from recommender.ingest import IngestReport
from recommender.ingest.connectors import CONNECTORS, Connector
from recommender.ingest.convert import Converter
from recommender.ingest.read import require_few_refused
from recommender.ingest.refused import RefusedRows
from recommender.ingest.report import total
from recommender.pipeline.whole_file import whole_file
from recommender.progress import Progress, silent

ROWS = {"events": "an event that can be used", "catalogue": "an item that can be used"}


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What was read, and the files that were written: by table ("events", "catalogue"), only those with rows."""

    connector: str
    written: dict[str, Path]
    report: IngestReport
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        return {
            "connector": self.connector,
            "written": {table: str(path) for table, path in self.written.items()},
            "seconds": round(self.seconds, 2),
            **self.report.to_dict(),
        }


def run(
    config: Config,
    name: str,
    inputs: Sequence[str],
    out: Path,
    *,
    hash_users: bool = False,
    progress: Progress = silent,
) -> IngestResult:
    """Read `inputs` (files, globs, folders) with the connector of that name, and write Parquet files into `out`.

    They are called NAME-events.parquet and NAME-catalogue.parquet, and replace earlier ones once they are whole.
    Refused rows go to the folder `data.refused` of `config`, which also says how many may be refused and which events
    have weights.

    Raises
    ------
    ConfigError
        If there is no such connector.
    DataError
        If a file is missing or not of this format, no row can be used, or too many are refused: nothing is written.
    StoreError
        If the disk refuses.
    """
    started = time.perf_counter()
    connector = find_connector(name)
    tables = connector.tables(find_files(connector, inputs))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{out}: can't be made: {error.strerror}") from error
    report = IngestReport()
    converter = Converter(config, report, int(time.time()), progress, hash_users)
    written: dict[str, Path] = {}
    with ExitStack() as files:  # what ends one table ends both
        for table, sources, convert, counts in (
            ("events", tables.events, converter.events, report.events),
            ("catalogue", tables.catalogue, converter.catalogue, report.catalogue),
        ):
            if sources:
                written[table] = out / f"{name}-{table}.parquet"
                stream = files.enter_context(whole_file(written[table]))
                with RefusedRows(config.path(config.data.refused) / f"{name}-{table}.csv") as refused:
                    _write(stream, (rows for source in sources for rows in convert(source, refused)))
                if refused.written:
                    report.refused_files[table] = str(refused.path)
                sums = total(counts, table)
                require_few_refused(config, sums, refused)
                if not sums.used:
                    raise DataError(f"{', '.join(source.name for source in sources)}: no row is {ROWS[table]}")
    return IngestResult(name, written, report, time.perf_counter() - started)


def find_connector(name: str) -> Connector:
    """Return the connector of that name; raises ConfigError where there is none."""
    connector = CONNECTORS.get(name)
    if connector is None:
        raise ConfigError(f"there is no connector {name!r}; there are: {', '.join(CONNECTORS)}")
    return connector


def find_files(connector: Connector, inputs: Sequence[str]) -> list[Path]:
    """Return the files that are named, those that match a glob, and of folders those with the connector's endings.

    Raises
    ------
    DataError
        If something that is named is not there, or a folder has no such file.
    """
    found = [path for text in inputs for path in _files(connector, text)]
    return list(dict.fromkeys(found))


def _files(connector: Connector, text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if one.is_file() and one.name.lower().endswith(connector.endings))
        if not inside:
            raise DataError(f"{path}: has no file that {connector.name} reads: {', '.join(connector.endings)}")
        return inside
    if path.exists():
        return [path]
    if has_magic(text):
        root = Path(path.anchor) if path.is_absolute() else Path()
        matches = sorted(match for match in root.glob(str(path.relative_to(root))) if match.is_file())
        if matches:
            return matches
        raise DataError(f"{text}: no file matches this pattern")
    raise DataError(f"{path}: no such file")


def _write(stream: Any, tables: Iterable[pa.Table]) -> None:
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(stream, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
    finally:
        if writer is not None:
            writer.is_open = False  # a writer that failed would try once more when it is collected
