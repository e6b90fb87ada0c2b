"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes


def give_back_free_memory() -> None:
    """Let the allocator return what it keeps for later, where it can (glibc): a fit may leave a gigabyte of it."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
