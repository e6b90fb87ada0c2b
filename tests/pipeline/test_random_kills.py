"""The reduced form of `benchmarks/kills.py`: whole runs killed at random moments, while a server answers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kills import kills


def test_killed_at_random_nothing_is_half_live_and_every_request_is_answered(tmp_path: Path) -> None:
    found = kills(tmp_path, number=4, seed=1)
    assert found.get("the old version live", 0) + found.get("the new version live", 0) == 4
    assert found["requests"] > 4
    assert found["failed_requests"] == 0
    assert found["versions_seen"] > 1
