"""The sentences of the answers: templates by locale, English ones of our own, others as the shop gives them."""

from __future__ import annotations

import difflib
import string
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

from recommender.bundle import Bundle, derived
from recommender.config import ReasonsConfig
from recommender.errors import ConfigError

ENGLISH = "en"
KEPT_SENTENCES = 10_000

Template: TypeAlias = str | Mapping[str, str]
"""A sentence; where its {count} changes the words, one for each plural form of the language."""


class Money(float):
    """An amount of money: two decimals."""


class Said(NamedTuple):
    """A sentence that is not in words yet: the key of its template, and what stands in its places."""

    key: str
    values: Mapping[str, str | float] = MappingProxyType({})

    def __hash__(self) -> int:
        return hash((self.key, *self.values.values()))


Speaker: TypeAlias = Callable[[Said], str]


@dataclass(frozen=True)
class Wording:
    """All templates, by locale; `default` is the locale of a question that names none."""

    default: str
    templates: Mapping[str, Mapping[str, Template]]
    _speakers: dict[str | None, Speaker] = field(default_factory=dict)

    def speaker(self, locale: str | None = None) -> Speaker:
        """Return a function from sentences to their words in a locale.

        Each is said in what is nearest: de for de-AT, then the default, then English.
        """
        speaker = self._speakers.get(locale)
        if speaker is None:
            speaker = self._make_speaker(self._locales(locale))
            if locale is None or locale in self.templates:  # those that a visitor makes up are not kept
                self._speakers[locale] = speaker
        return speaker

    def _make_speaker(self, locales: Sequence[str]) -> Speaker:
        known = {key: (text, name) for name in reversed(locales) for key, text in self.templates[name].items()}

        @lru_cache(KEPT_SENTENCES)  # most counts and titles come again and again
        def say(said: Said) -> str:
            template, name = known[said.key]
            return _filled(template, said.values, name)

        return say

    def _locales(self, wanted: str | None) -> list[str]:
        """Return the locales with templates that a question for one is answered in, the best first."""
        tag = (wanted or self.default).replace("-", "_")
        known = {name.lower(): name for name in self.templates}
        order = dict.fromkeys(name.lower() for name in (tag, tag.partition("_")[0], self.default, ENGLISH))
        return [known[name] for name in order if name in known]


@derived
def wording_of(bundle: Bundle) -> Wording:
    """Return the templates of a bundle's shop."""
    return make_wording(bundle.config.reasons)


def make_wording(config: ReasonsConfig) -> Wording:
    """Return the templates of a shop.

    Raises
    ------
    ConfigError
        If a locale, a key, a plural form or a place in a sentence is not one that there is.
    """
    english = english_templates()
    for locale, templates in config.texts.items():
        where = f"reasons.texts.{locale}"
        forms = _plural_forms(locale, where)
        for key, template in templates.items():
            if key not in english:
                near = difflib.get_close_matches(key, english, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ": docs/reasons.md lists them"
                raise ConfigError(f"{where}: there is no sentence {key!r}{hint}")
            _check(template, english[key], forms, f"{where}.{key}")
    wording = Wording(
        config.locale.replace("-", "_"), {**config.texts, ENGLISH: english | config.texts.get(ENGLISH, {})}
    )
    if wording.default not in wording.templates:
        known = ", ".join(wording.templates)
        raise ConfigError(f"reasons.locale = {config.locale!r}: there are sentences in {known} only")
    return wording


@cache
def english_templates() -> dict[str, Template]:
    """Return the sentences that come with the engine."""
    text = files("recommender.placements").joinpath("texts", f"{ENGLISH}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def places(template: Template) -> set[str]:
    """Return the names of what a template leaves open.

    Raises
    ------
    ValueError
        If its braces don't match, or hold more than a name.
    """
    texts = [template] if isinstance(template, str) else list(template.values())
    found = set()
    for text in texts:
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is not None:
                if not name.isidentifier() or form or conversion:
                    raise ValueError(f"{{{name}}} is no name")
                found.add(name)
    return found


def _check(template: Template, english: Template, forms: set[str], where: str) -> None:
    try:
        unknown = places(template) - places(english)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}; write a place as {{title}}, a brace itself as {{{{") from None
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in sorted(places(english))) or "none"
        raise ConfigError(f"{where}: has no place {{{min(unknown)}}}; it has {known}")
    if isinstance(template, str):
        return
    if isinstance(english, str):
        raise ConfigError(f"{where}: nothing in it is counted: write one sentence")
    if set(template) - forms or "other" not in template:
        raise ConfigError(f"{where}: its plural forms are {', '.join(sorted(forms))}; other must be there")


def _plural_forms(locale: str, where: str) -> set[str]:
    try:
        return {*Locale.parse(locale, sep="-" if "-" in locale else "_").plural_form.tags, "other"}
    except (ValueError, UnknownLocaleError):
        raise ConfigError(f"{where}: is no locale; write one as de or pt_BR") from None


def _filled(template: Template, values: Mapping[str, str | float], locale: str) -> str:
    if not isinstance(template, str):
        form = _plural_form(locale, values["count"])
        template = template.get(form) or template["other"]
    return template.format_map(
        {name: value if isinstance(value, str) else _figure(value, locale) for name, value in values.items()}
    )


def _figure(value: float, locale: str) -> str:
    return _money(float(value), locale) if isinstance(value, Money) else _number(value, locale)


@lru_cache(4096)
def _money(value: float, locale: str) -> str:
    return format_decimal(value, format="#,##0.00", locale=locale.replace("-", "_"))


@lru_cache(4096)
def _number(value: float, locale: str) -> str:
    return format_decimal(value, locale=locale.replace("-", "_"))


@lru_cache(4096)
def _plural_form(locale: str, count: float) -> str:
    return str(Locale.parse(locale.replace("-", "_")).plural_form(count))
