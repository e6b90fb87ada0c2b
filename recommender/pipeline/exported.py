"""Which files `export` and `evaluate` wrote about users: `forget` must find them again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

EXPORTED = "EXPORTED"


def note_export(store: Path, out: Path) -> None:
    """Remember a file; a store that can't be written, as on a machine that only exports, remembers nothing."""
    line = f"{out.resolve()}\n"
    with suppress(OSError):
        if line not in _lines(store):
            with (store / EXPORTED).open("a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(line)


def exported_files(store: Path) -> list[Path]:
    """Return the files that were written and are still there."""
    paths = (Path(line.rstrip("\n")) for line in _lines(store))
    return [path for path in paths if path.is_file()]


def _lines(store: Path) -> list[str]:
    try:
        with (store / EXPORTED).open(encoding="utf-8", errors="surrogateescape") as file:
            return file.readlines()
    except FileNotFoundError:
        return []
