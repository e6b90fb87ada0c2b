"""How long work reports that it moves; the command line draws it, everybody else passes `silent`."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage's name, the units done and, where known, all units."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Report one step of a stage."""


def silent(stage: str, done: int, total: int | None) -> None:
    """Report nothing."""


def under(name: str, progress: Progress) -> Progress:
    """Return a progress that reports every stage as part of something: "before the split: fit als"."""
    return lambda stage, done, total: progress(f"{name}: {stage}", done, total)
