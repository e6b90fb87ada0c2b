"""Files as streams of bytes, plain or gzip, in UTF-8 or recoded to it."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recommender.errors import DataError

GZIP = b"\x1f\x8b"


@contextmanager
def opened(path: Path, name: str, encoding: str = "utf-8") -> Iterator[IO[bytes]]:
    """Yield a file's bytes, unpacked where it is gzip, as UTF-8 where another encoding is named.

    Raises
    ------
    DataError
        If it can't be opened, or, while the block reads, turns out to be damaged; `name` is what the message calls it.
    """
    try:
        with path.open("rb") as probe:
            zipped = probe.read(len(GZIP)) == GZIP
        with gzip.open(path) if zipped else path.open("rb") as stream:
            yield stream if encoding == "utf-8" else codecs.EncodedFile(stream, "utf-8", encoding)  # type: ignore[misc]
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{name}: the gzip file is damaged or cut off; write it again") from None
    except OSError as error:
        raise DataError(f"{name}: can't be read: {error.strerror or error}") from None
