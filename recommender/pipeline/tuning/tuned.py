"""What a search found, and the file it is written to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.config import TUNED
from recommender.pipeline.tuning.option_names import Values


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found: options, the metric they reach on validation users, and that of the configuration as it was.

    `importance` is the share of the metric's variance over the trials that an option explains, largest first; empty
    with too few trials. `discounts` are the steps of also-bought's `popularity_discount` that were measured; none where
    the option is set, or too few orders of several items are left to ask about.
    """

    options: Values
    metric: str
    value: float
    value_before: float
    n_users: int
    n_trials: int
    n_pruned: int
    n_failed: int
    importance: dict[str, float]
    kept: list[str]
    discounts: list[dict[str, float]]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def write_tuned(tuned: Tuned, folder: Path | None) -> None:
    """Write tuned.toml into a folder, if one is given, whole or not at all."""
    if folder is None:
        return
    part = folder / f"{TUNED}.new"
    part.write_text(to_toml(tuned), encoding="utf-8")
    part.replace(folder / TUNED)


def to_toml(tuned: Tuned) -> str:
    """Return tuned.toml: options by section, and where they come from."""
    gain = f"{tuned.metric} {tuned.value_before:.4f} before, {tuned.value:.4f} now"
    lines = [
        "# Written by `alsobought tune`; every verb reads it, and shop.toml overrules it.",
        f"# {gain}, on {tuned.n_users:,} validation users ({tuned.n_trials} trials).",
    ]
    sections: dict[str, list[str]] = {}
    for name, value in tuned.options.items():
        section, _, key = name.rpartition(".")
        sections.setdefault(section, []).append(f"{key} = {value!r}")
    for section, rows in sections.items():
        lines += ["", f"[{section}]", *rows]
    return "\n".join(lines) + "\n"
