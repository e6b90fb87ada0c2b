"""Sets of files that belong together, told by what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from recommender.errors import DataError


def by_name(files: Sequence[Path], patterns: Mapping[str, str], needed: Sequence[str]) -> dict[str, list[Path]]:
    """Return the files of each kind; `patterns` are globs on names in lower case, compressed copies included.

    Raises
    ------
    DataError
        If a kind that is needed has no file; the message names all that are read.
    """
    found = {kind: [path for path in files if _matches(path, pattern)] for kind, pattern in patterns.items()}
    for kind in needed:
        if not found[kind]:
            read = ", ".join(patterns.values())
            raise DataError(f"{files[0].parent if files else 'no file'}: {patterns[kind]} is missing; read are {read}")
    return found


def _matches(path: Path, pattern: str) -> bool:
    return Path(path.name.lower().removesuffix(".gz")).match(pattern)
