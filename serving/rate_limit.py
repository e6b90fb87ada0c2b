"""A token bucket per key, shared by all workers.

The buckets lie in memory that the workers inherit. Within a process a lock guards them; between processes nothing does,
so two that ask at the same instant may both pass: the limit is against abuse, not for billing.
"""

from __future__ import annotations

import mmap
import struct
import threading
import time

MOST_KEYS = 1024
BUCKET = struct.Struct("dd")  # requests left, and when that was so


class RateLimit:
    """Lets `per_second` requests of each key through in the long run, and `burst` at once; no limit where that is 0.

    Make it before the workers are forked.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._memory = mmap.mmap(-1, MOST_KEYS * BUCKET.size)
        self._lock = threading.Lock()

    def wait_seconds(self, place: int, now: float | None = None) -> float:
        """Take one request from the bucket of the key at `place`; return 0, or in how many seconds to ask again."""
        if self._per_second == 0:
            return 0.0
        now = time.monotonic() if now is None else now
        offset = place % MOST_KEYS * BUCKET.size
        with self._lock:
            left, since = BUCKET.unpack_from(self._memory, offset)
            left = self._burst if since == 0 else min(self._burst, left + max(0.0, now - since) * self._per_second)
            allowed = left >= 1
            BUCKET.pack_into(self._memory, offset, left - allowed, now)
        return 0.0 if allowed else (1 - left) / self._per_second
