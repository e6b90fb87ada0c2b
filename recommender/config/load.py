"""Files, and options given one by one, to a `Config`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recommender.config.data import DEFAULT_EVENT_WEIGHTS
from recommender.config.problems import explain_all
from recommender.config.shop import Config
from recommender.errors import ConfigError

TUNED = "tuned.toml"
"""What `tune` writes beside shop.toml."""


def load_config(path: Path, overrides: Sequence[str] = (), *, tuned: bool = True) -> Config:
    """Read shop.toml, `tuned.toml` beside it if `tuned`, and overrides of the form "models.als.factors=64".

    Raises
    ------
    ConfigError
        If a file is missing or not TOML, or a key or value is wrong; the message names file and key.
    """
    tree: dict[str, Any] = {}
    found = path.parent / TUNED
    if tuned and found.exists():
        _merge(tree, read_toml(found))
        parse_config(tree, source=str(found))  # so that what is wrong there is not blamed on shop.toml
    _merge(tree, read_toml(path))
    tree.setdefault("event_weights", dict(DEFAULT_EVENT_WEIGHTS))
    for text in overrides:
        _merge(tree, _parse_override(text))
    _merge_sentences(tree, path.parent)
    return parse_config(tree, folder=path.parent, source=str(path))


def default_config(overrides: Sequence[str] = (), *, folder: Path = Path()) -> Config:
    """Return the configuration of a shop that has no shop.toml in `folder` yet; raises ConfigError as `load_config`."""
    tree: dict[str, Any] = {"event_weights": dict(DEFAULT_EVENT_WEIGHTS)}
    for text in overrides:
        _merge(tree, _parse_override(text))
    return parse_config(tree, folder=folder)


def parse_config(tree: Mapping[str, Any], *, folder: Path = Path(), source: str = "configuration") -> Config:
    """Validate a tree of options; `folder` is what its paths are relative to.

    Raises
    ------
    ConfigError
        If a key is unknown or a value out of bounds; all problems are named.
    """
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{source}: {explain_all(error.errors())}") from None
    config._folder = folder
    return config


def _merge_sentences(tree: dict[str, Any], folder: Path) -> None:
    """Put the sentences of `reasons.file` under those of shop.toml: a bundle carries them with it."""
    reasons = tree.get("reasons", {})
    file = reasons.get("file") if isinstance(reasons, dict) else None
    if not isinstance(file, str):
        return
    path = folder / file
    texts = read_json(path) if path.suffix == ".json" else read_toml(path)
    parse_config({"reasons": {"texts": texts}}, source=str(path))
    _merge(texts, reasons.get("texts", {}))
    reasons["texts"] = texts


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file as a tree; raises ConfigError where it is missing or no object of JSON."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: should be an object, not {type(tree).__name__}")
    return tree


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as a tree.

    Raises
    ------
    ConfigError
        If it is missing, can't be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `alsobought init` writes one") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a directory; name the shop.toml inside it") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None


def _parse_override(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text}: write key=value, for example models.als.factors=64")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        pass
    try:
        return tomllib.loads(f"{key} = {_toml_string(value)}")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"--set {text}: {error}") from None


def _toml_string(text: str) -> str:
    escaped = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value
