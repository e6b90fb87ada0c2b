from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from recommender.cli.config_reference import commented_toml, reference_markdown, sections
from recommender.config import Config, parse_config

REFERENCE = Path(__file__).parents[2] / "docs" / "configuration.md"
SAMPLE = {"events": 'data\\"events".csv', "catalogue": "items.csv"}


def test_the_reference_is_up_to_date() -> None:
    hint = "run `python -m recommender.cli.config_reference > docs/configuration.md`"
    assert REFERENCE.read_text(encoding="utf-8") == reference_markdown(), hint


def test_the_written_file_means_the_defaults() -> None:
    written = parse_config(tomllib.loads(commented_toml(SAMPLE)))
    assert written.model_dump() == parse_config({"data": SAMPLE}).model_dump()


def test_every_comment_uncommented_means_the_defaults_too() -> None:
    lines = commented_toml(SAMPLE).splitlines()
    active = [line.removeprefix("# ") for line in lines if not line.startswith("# ") or _is_default(line)]
    tree = tomllib.loads("\n".join(active))
    assert parse_config(tree).model_dump() == parse_config({"data": SAMPLE}).model_dump()
    assert _leaves(_without_none(tree)) == _leaves(
        _without_none(Config(**{"data": SAMPLE}).model_dump(by_alias=True, mode="json"))
    )


def test_bounds_and_meanings_come_from_the_records() -> None:
    options = {f"{section.name}.{option.key}": option for section in sections() for option in section.options}
    assert options["models.als.factors"].bounds == "at least 1, at most 1024"
    assert options["models.als.factors"].meaning == "Length of a factor vector."
    assert options["index.kind"].bounds == '"auto" or "exact" or "flat" or "hnsw"'
    assert options["evaluation.k"].bounds == "each at least 1, at most 100"
    assert options["placements.for-you.exclude_seen"].default == "true"
    assert options["placements.popular.exclude_seen"].default == "false"
    assert options["data.events"].default == ""
    assert options["data.catalogue"].default == ""


def _is_default(line: str) -> bool:
    key, equals, value = line.removeprefix("# ").partition(" = ")
    return bool(equals) and key.replace("_", "").isalnum() and not value.startswith("#")


def _leaves(tree: dict[str, Any], path: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in tree.items():
        found |= _leaves(value, f"{path}.{key}") if isinstance(value, dict) else {f"{path}.{key}"}
    return found


def _without_none(tree: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in tree.items() if value not in (None, [])}
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in kept.items()}
