"""The records that training leaves of its runs, STORE/runs/00001.json and on; `recommender.pipeline` writes them."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

RUNS = "runs"
RECORD_NAME = re.compile(r"\d{5,}\.json")


def records(store: Path) -> list[dict[str, Any]]:
    """Return the records of a store's runs, oldest first; one that can't be read is passed over."""
    found = []
    folder = store / RUNS
    for path in folder.iterdir() if folder.is_dir() else ():
        if RECORD_NAME.fullmatch(path.name):
            with suppress(OSError, orjson.JSONDecodeError):
                found.append(orjson.loads(path.read_bytes()))
    return sorted(found, key=lambda record: int(record["run"]))
