"""Options by their dotted names: read, changed, and which a configuration sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recommender.config import Config, Record, parse_config

Values = dict[str, Any]
"""Options by their dotted name."""


def with_options(config: Config, options: Mapping[str, Any]) -> Config:
    """Return the configuration with some options changed."""
    tree = config.model_dump(by_alias=True)
    for name, value in options.items():
        *section, key = name.split(".")
        branch = tree
        for part in section:
            branch = branch[part]
        branch[key] = value
    return parse_config(tree, folder=config.folder, source="tune")


def option_at(tree: Any, name: str) -> Any:
    """Return an option of a tree of sections, None where it has none of that name."""
    for part in name.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def options_set(record: Record, prefix: str = "") -> set[str]:
    """Return the dotted names of the options that a configuration sets."""
    names = set()
    for field in record.model_fields_set:
        value = getattr(record, field)
        names |= options_set(value, f"{prefix}{field}.") if isinstance(value, Record) else {f"{prefix}{field}"}
    return names
