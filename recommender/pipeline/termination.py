"""SIGTERM as a wish: the stage under way is finished, its checkpoint written, then the run leaves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from recommender.errors import StoppedError


class Termination:
    """Whether SIGTERM has come."""

    wanted = False

    def leave(self, after: str) -> None:
        """Raise StoppedError if SIGTERM has come."""
        if self.wanted:
            raise StoppedError(
                f"told to stop (SIGTERM) and did, after {after!r}; `alsobought train --resume` goes on from there"
            )


@contextmanager
def noted_termination() -> Iterator[Termination]:
    """Take note of SIGTERM instead of dying from it; outside the main thread, which has no signals, of none."""
    termination = Termination()
    if threading.current_thread() is not threading.main_thread():
        yield termination
        return

    def note(*_: object) -> None:
        termination.wanted = True

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield termination
    finally:
        signal.signal(signal.SIGTERM, before)
