"""Records of runs as the page shows them; one that another version of this program left may lack some of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHOWN = 30
MOODS = {"promoted": "good", "published": "good", "dry run": "good", "running": "open", "stopped": "open"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    record: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.record.get(name)

    @property
    def mood(self) -> str:
        """Whether its outcome is good, open or bad."""
        return MOODS.get(self.record.get("outcome", ""), "bad")

    @property
    def said(self) -> str:
        """What it says of itself, in a sentence."""
        return self.record.get("message") or self.record.get("verdict") or ""

    @property
    def seconds(self) -> float:
        """Time of all its stages."""
        return float(sum(stage["seconds"] for stage in self.record.get("stages", ())))

    @property
    def comparisons(self) -> list[Mapping[str, Any]]:
        """What the gate compared it with."""
        return list(self.record.get("gate", {}).get("comparisons", ()))
