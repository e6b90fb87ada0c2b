"""How many threads a fit may use."""

from __future__ import annotations

import os


def available_threads() -> int:
    """Return OMP_NUM_THREADS where it is set, else the number of cores this process may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else len(os.sched_getaffinity(0))
