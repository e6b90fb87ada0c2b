"""From what shop.toml names to sources: a file, a glob, a list of these, or a SQLAlchemy URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from recommender.config import Config
from recommender.errors import ConfigError, DataError
from recommender.event_log import EventLog
from recommender.ingest.sources.csv import CsvSource
from recommender.ingest.sources.log import LogSource
from recommender.ingest.sources.parquet import ParquetSource
from recommender.ingest.sources.source import Source
from recommender.ingest.sources.sql import sql_source

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
PARQUET_ENDINGS = (".parquet", ".pq")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+_]*://")


def events_sources(config: Config) -> list[Source]:
    """Return the sources of the events; raises DataError or ConfigError, naming what can't be found."""
    if config.data.events is None:
        raise ConfigError("the key 'data.events' is missing; name a file, a glob or a SQLAlchemy URL")
    return _sources(config, "events", config.data.events, config.data.events_query)


def catalogue_sources(config: Config) -> list[Source]:
    """Return the sources of the catalogue, none where shop.toml names none."""
    if config.data.catalogue is None:
        return []
    return _sources(config, "catalogue", config.data.catalogue, config.data.catalogue_query)


def list_source(path: Path) -> Source:
    """Return the source of a list that a person names: Parquet by its ending, else CSV, whatever it is called."""
    if not path.exists():
        raise DataError(f"{path}: no such file")
    _require_file(path, "name a file in it")
    is_parquet = path.name.lower().endswith(PARQUET_ENDINGS)
    return ParquetSource(path, str(path)) if is_parquet else CsvSource(path, str(path))


def test_events_sources(config: Config) -> list[Source]:
    """Return the files of the test events, none where the split needs none."""
    if config.evaluation.split != "given":
        return []
    if config.evaluation.test_events is None:
        raise ConfigError('evaluation.split = "given" needs evaluation.test_events, a file with the test events')
    return _file_sources(config, "evaluation.test_events", config.evaluation.test_events)


def ownership_sources(config: Config) -> list[Source]:
    """Return the files of what users own from elsewhere, none where shop.toml names none."""
    if config.data.ownership is None:
        return []
    return _file_sources(config, "data.ownership", config.data.ownership)


def relations_sources(config: Config) -> list[Source]:
    """Return the files of related items, none where shop.toml names none."""
    if config.evaluation.relations is None:
        return []
    return _file_sources(config, "evaluation.relations", config.evaluation.relations)


def _sources(config: Config, key: str, named: str | list[str], query: str | None) -> list[Source]:
    texts = [named] if isinstance(named, str) else named
    if not texts:
        raise ConfigError(f"data.{key} is an empty list; name at least one file")
    found: list[Source] = []
    for text in texts:
        if key == "events" and text == config.serving.event_log:
            found.append(LogSource(EventLog.at(text, config.folder)))
        elif URL.match(text):
            found.append(sql_source(text, query, f"{key}_query", config.folder))
        else:
            found += _file_sources(config, f"data.{key}", text)
    if query is not None and not any(URL.match(text) and text != config.serving.event_log for text in texts):
        raise ConfigError(f"data.{key}_query is given but data.{key} is a file; name a SQLAlchemy URL there")
    return found


def _file_sources(config: Config, key: str, named: str | list[str]) -> list[Source]:
    texts = [named] if isinstance(named, str) else named
    if not texts:
        raise ConfigError(f"{key} is an empty list; name at least one file")
    paths = [path for text in texts for path in _files(config, key, text)]
    return [_file_source(path, _shown(path, config.folder)) for path in paths]


def _files(config: Config, key: str, text: str) -> Sequence[Path]:
    path = config.path(text)
    if path.exists():
        return [path]
    if any(mark in text for mark in "*?["):
        root = Path(path.anchor) if path.is_absolute() else Path()
        matches = sorted(match for match in root.glob(str(path.relative_to(root))) if match.is_file())
        if matches:
            return matches
        raise DataError(f"{path}: no file matches this pattern; {key} names it")
    raise DataError(f"{path}: no such file; {key} names it")


def _file_source(path: Path, name: str) -> Source:
    _require_file(path, f"name the files in it, for example {path / '*.parquet'}")
    lower = path.name.lower()
    if lower.endswith(CSV_ENDINGS):
        return CsvSource(path, name)
    if lower.endswith(PARQUET_ENDINGS):
        return ParquetSource(path, name)
    known = ", ".join((*CSV_ENDINGS, *PARQUET_ENDINGS))
    raise DataError(f"{path}: the ending tells what a file is; known are {known}")


def _require_file(path: Path, instead: str) -> None:
    """Raise DataError for what is no file; `instead` says what a directory's owner should name."""
    if path.is_dir():
        raise DataError(f"{path}: is a directory; {instead}")
    if not path.is_file():  # a pipe is read once and may block for ever; sources are read more than once
        raise DataError(f"{path}: is a pipe, socket or device; write the rows to a file and name that")


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
