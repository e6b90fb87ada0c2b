"""How many connections each worker holds, so that new ones go to those that hold few.

Connections that are kept alive stay with the worker that took them, and a worker that is awake takes the next one
before its sleeping siblings do: all the connections of a proxy may end up with one of them.
"""

from __future__ import annotations

import mmap

SLOTS = 64
ABSENT = 0


class Crowd:
    """The connections of up to 64 workers, in memory that they inherit: make it before they are forked.

    A worker is known by its age, the number that gunicorn gives it.
    """

    def __init__(self) -> None:
        self._held = memoryview(mmap.mmap(-1, SLOTS * 4)).cast("i")

    def tell(self, age: int, connections: int) -> None:
        """Note how many connections a worker holds."""
        self._held[age % SLOTS] = connections + 1

    def forget(self, age: int) -> None:
        """Note that a worker is no more."""
        self._held[age % SLOTS] = ABSENT

    def fewest(self) -> int:
        """Return how many connections the worker holds that holds the fewest; 0 where there is none."""
        return min((held for held in self._held if held != ABSENT), default=1) - 1
