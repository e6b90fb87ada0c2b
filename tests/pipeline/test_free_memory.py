from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from recommender.pipeline.free_memory import give_back_free_memory

BLOCK = 100_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another allocator")
def test_what_was_freed_below_something_that_stays_goes_back() -> None:
    blocks = [bytearray(b"1" * BLOCK) for _ in range(1_000)]
    stays = blocks[::50]
    del blocks
    before = resident_bytes()
    give_back_free_memory()
    assert before - resident_bytes() > 500 * BLOCK
    assert len(stays) == 20
