"""Seconds between calls, for libraries that call back after every epoch."""

from __future__ import annotations

import time


class Stopwatch:
    """Notes how long it is since the last call, or since it was made, each time it is called with anything."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = time.perf_counter()

    def __call__(self, *_: object) -> None:
        """Note the time."""
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now
