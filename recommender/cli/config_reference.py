"""shop.toml explained, generated from `recommender.config` so that no option is described twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from recommender.config import Config

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "pattern": "matches `{}`",
}


@dataclass(frozen=True, slots=True)
class Option:
    """One key of shop.toml; `default` is TOML, empty where there is none."""

    key: str
    default: str
    bounds: str
    meaning: str

    @property
    def unset(self) -> Option:
        """The option without its default, which is what placements differ in."""
        return replace(self, default="")


@dataclass(frozen=True, slots=True)
class Section:
    """One [section] of shop.toml; an open one takes any key, a repeated one may stand there many times."""

    name: str
    meaning: str
    options: tuple[Option, ...]
    is_open: bool = False
    is_repeated: bool = False

    @property
    def head(self) -> str:
        """The line that begins the section."""
        return f"[[{self.name}]]" if self.is_repeated else f"[{self.name}]"


def sections() -> tuple[Section, ...]:
    """Return every section of shop.toml, in order."""
    schema = Config.model_json_schema()
    return tuple(_walk(schema, schema["$defs"], {}, ""))


def commented_toml(data: Mapping[str, str]) -> str:
    """Return a shop.toml in which `data` (keys of [data]) and open sections are active, the rest comments."""
    lines = ["# A shop's configuration. Lines that begin with # show the defaults: remove the # to change one."]
    explained: set[Option] = set()
    for section in sections():
        lines += ["", f"# {section.meaning}", "#   " * section.is_repeated + section.head]
        for option in section.options:
            if option.meaning and option.unset not in explained:
                lines.append(f"# {option.meaning}" + (f" ({option.bounds})" if option.bounds else ""))
                explained.add(option.unset)
            lines.append(_toml_line(section, option, data if section.name == "data" else {}))
    return "\n".join(lines) + "\n"


def reference_markdown() -> str:
    """Return docs/configuration.md."""
    return "\n\n".join([INTRODUCTION, *(_section_markdown(section) for section in sections())]) + "\n"


def toml_value(value: Any) -> str:
    """Return a string, number, boolean or list as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case list() | tuple():
            return "[" + ", ".join(toml_value(part) for part in value) + "]"
    return str(value)


def _walk(
    record: Mapping[str, Any], defs: Mapping[str, Any], defaults: Mapping[str, Any], name: str
) -> Iterator[Section]:
    properties: Mapping[str, Any] = record["properties"]
    plain = {key: part for key, part in properties.items() if not _is_section(part)}
    if plain:
        options = tuple(_option(key, part, defaults.get(key, part.get("default"))) for key, part in plain.items())
        yield Section(name, _one_line(record["description"]), options)
    for key, part in properties.items():
        path = f"{name}.{key}" if name else key
        if "$ref" in part:
            inner = defaults.get(key, part.get("default", {}))
            yield from _walk(defs[part["$ref"].rpartition("/")[2]], defs, inner, path)
        elif "additionalProperties" in part:
            yield _open_section(path, part)
        elif _is_section(part):
            (inner,) = _walk(defs[part["items"]["$ref"].rpartition("/")[2]], defs, {}, path)
            yield replace(inner, is_repeated=True)


def _is_section(part: Mapping[str, Any]) -> bool:
    return "$ref" in part or "additionalProperties" in part or "$ref" in part.get("items", {})


def _open_section(name: str, part: Mapping[str, Any]) -> Section:
    bounds = _bounds(part["additionalProperties"])
    options = tuple(Option(key, toml_value(value), bounds, "") for key, value in part["default"].items())
    return Section(name, part["description"], options, is_open=True)


def _option(key: str, part: Mapping[str, Any], default: Any) -> Option:
    text = "" if default is None else toml_value(default)
    return Option(key, text, _bounds(part), part.get("description", ""))


def _bounds(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return " or ".join(toml_value(value) for value in part["enum"])
    for choice in part.get("anyOf", ()):
        if words := _bounds(choice):
            return words
    bounds = [words.format(part[key]) for key, words in BOUNDS.items() if key in part]
    inner = _bounds(part["items"]) if "items" in part else ""
    return ", ".join([*bounds, f"each {inner}"] if inner else bounds)


def _toml_line(section: Section, option: Option, data: Mapping[str, str]) -> str:
    if option.key in data:
        return f"{option.key} = {toml_value(data[option.key])}"
    line = f"{option.key} = {option.default or '# not set'}"
    if section.is_repeated:  # a table of its own for each rule: none is there by default
        return f"#   {line}"
    return line if section.is_open else f"# {line}"


def _section_markdown(section: Section) -> str:
    rows = [("key", "default", "must be", "meaning")]
    for option in section.options:
        default = f"`{option.default}`" if option.default else "not set"
        rows.append((f"`{option.key}`", default, option.bounds, option.meaning))
    used = [column for column in zip(*rows, strict=True) if any(column[1:])]
    lines = [f"| {' | '.join(part.replace('|', BAR) for part in row)} |" for row in zip(*used, strict=True)]
    lines.insert(1, "|" + "---|" * len(used))
    return "\n".join([f"## `{section.head}`", "", section.meaning, "", *(lines if section.options else [])])


def _one_line(text: str) -> str:
    return " ".join(text.split())


BAR = r"\|"  # a bar inside a Markdown cell

INTRODUCTION = """\
# Configuration

<!-- Generated from recommender/config/ by `python -m recommender.cli.config_reference`: change it there. -->

Everything about a shop stands in one file, `shop.toml`. `alsobought init` writes one in which every option is
a comment with its default. Paths are relative to the file. An unknown key is refused, and the nearest known
one is named.

Four places are read, later ones winning: the defaults below, `tuned.toml` beside shop.toml, shop.toml, and
`--set key=value` on the command line (`--set models.als.factors=128`, repeatable). Secrets do not belong in
this file."""


if __name__ == "__main__":
    print(reference_markdown(), end="")
