from __future__ import annotations

from collections.abc import Callable
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
