"""How long work reports that it moves; the command line draws it, everybody else passes `silent`."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage's name, the units done and, where known, all units."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Report one step of a stage."""


def silent(stage: str, done: int, total: int | None) -> None:
    """Report nothing."""
