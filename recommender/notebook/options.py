"""Options of shop.toml as keyword arguments, as scikit-learn writes nested ones: models__als__factors=64."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recommender.config import Config, default_config, load_config


def config_of(shop: str | Path | None, options: Mapping[str, Any]) -> Config:
    """Return the configuration in a shop.toml, or the defaults, with options on top.

    Raises
    ------
    ConfigError
        If the file can't be read, or an option is unknown or out of bounds; the message names it as in shop.toml.
    """
    overrides = [f"{key}={json.dumps(value)}" for key, value in _flat(options)]
    return default_config(overrides) if shop is None else load_config(Path(shop), overrides)


def _flat(options: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        key = above + _dotted(name, nested=bool(above))
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _dotted(name: str, *, nested: bool) -> str:
    steps = [name] if nested else name.split("__")
    if steps[0] == "placements" and len(steps) > 1:
        steps[1] = steps[1].replace("_", "-")  # for_you is for-you there
    return ".".join(steps)
