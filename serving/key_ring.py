"""The keys as a running server knows them: the file is looked at again every second."""

from __future__ import annotations

import logging
import threading
import time

from recommender.access import Key, KeyFile, find_key
from recommender.errors import ConfigError

LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class KeyRing:
    """The keys of a file; without one, there are none.

    Keys are needed where `required`, and from the first one on for good: whoever revokes the last one shuts all out.
    """

    def __init__(self, file: KeyFile | None, *, required: bool = False) -> None:
        self._file = file
        self._keys: tuple[Key, ...] = ()
        self._stamp: tuple[int, ...] | None = None
        self._next_look = 0.0
        self._needed = required
        self._lock = threading.Lock()
        self._look()

    def needed(self) -> bool:
        """Tell whether requests need a key; without keys the server is in development mode."""
        self._look()
        return self._needed

    def find(self, text: str) -> tuple[int, Key] | None:
        """Return the active key with this text and its place in the file."""
        self._look()
        keys = self._keys
        place = find_key(keys, text)
        return None if place is None else (place, keys[place])

    def active(self, key_id: str) -> Key | None:
        """Return the active key of an id."""
        self._look()
        return next((key for key in self._keys if key.id == key_id and key.active), None)

    def _look(self) -> None:
        if self._file is None or time.monotonic() < self._next_look:
            return
        with self._lock:
            self._next_look = time.monotonic() + LOOK_SECONDS
            try:
                found = self._file.path.stat()
                stamp: tuple[int, ...] = (found.st_mtime_ns, found.st_size, found.st_ino)
            except OSError:
                stamp = ()
            if stamp == self._stamp:
                return
            try:
                self._keys = self._file.read()
            except ConfigError as error:  # what was known stays valid
                log.error("%s", error)
            self._stamp = stamp
            self._needed = self._needed or bool(self._keys)
