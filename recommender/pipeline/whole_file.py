"""A file that is whole under its name, or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from recommender.errors import StoreError


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a stream; the file is there, synced, once the block has ended, and as before if it fails.

    The bytes go to a hidden file beside it, which is renamed in the end and removed on failure.

    Raises
    ------
    StoreError
        If the disk refuses, or the path is a directory.
    """
    if path.is_dir():
        raise StoreError(f"{path}: is a directory; name a file in it")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}; nothing was written") from error
    finally:
        with suppress(OSError):  # it was never made, or has been renamed
            unfinished.unlink()
