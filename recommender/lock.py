"""The lock of a store: whoever writes to it holds it, and the kernel frees it when the holder ends, however it ends.

It stands apart from the store because it must be had before anything slow is imported: a second `train` is to hear at
once that it is one too many. Any package may import this module; it imports only `errors`.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recommender.errors import LockHeldError, StoreError, disk_errors

LOCK = "LOCK"


@contextmanager
def lock_of(store: Path) -> Iterator[None]:
    """Hold the lock of a store's folder, which is made where it is missing.

    Raises
    ------
    LockHeldError
        At once, if another process holds it.
    StoreError
        If the folder is a file or can't be made, or the disk refuses.
    """
    with disk_errors(store):
        if store.exists() and not store.is_dir():
            raise StoreError(f"{store}: is not a folder; name one as store.path")
        store.mkdir(parents=True, exist_ok=True)
        lock = (store / LOCK).open("a")
    try:
        with disk_errors(store / LOCK):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockHeldError(f"{store}: another run is writing to this store; wait for it to end") from None
        yield
    finally:
        with suppress(OSError):  # it is closed all the same, and nothing was written to it
            lock.close()
