"""docs/data.md says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from recommender.config import CatalogueColumns, EventsColumns, parse_config
from recommender.dataset import canonical_event
from recommender.ingest import REMEDIES
from recommender.ingest.checks import Reason
from recommender.ingest.read import MIN_ACTORS, MIN_EVENTS, MIN_ITEMS

TEXT = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    return [name for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]


def test_every_reason_is_explained() -> None:
    assert first_cells(section("Refused rows")) == [reason.code for reason in Reason if reason is not Reason.FINE]


def test_every_reason_has_a_remedy_and_the_document_gives_it() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", section("Refused rows"), re.MULTILINE)
    assert set(REMEDIES) == {reason.code for reason in Reason if reason is not Reason.FINE}
    assert dict(rows) == REMEDIES


@pytest.mark.parametrize(("title", "columns"), [("Events", EventsColumns), ("Catalogue", CatalogueColumns)])
def test_every_column_is_explained(title: str, columns: type[EventsColumns] | type[CatalogueColumns]) -> None:
    assert set(columns.model_fields) <= set(first_cells(section(title)))


def test_the_aliases_are_understood() -> None:
    for ours, theirs in re.findall(r"^\| `(\w+)` \| (`.*`.*) \|$", section("Events"), re.MULTILINE):
        for alias in re.findall(r"`([\w-]+)`", theirs):
            assert canonical_event(alias, ["view", "add_to_cart", "purchase"]) == ours


def test_the_minimum() -> None:
    words = f"{MIN_EVENTS} events other than returns, on {MIN_ITEMS} different items, by {MIN_ACTORS} different users"
    assert words in section("The smallest data that trains")


def test_the_examples_are_configurations() -> None:
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        parse_config(tomllib.loads(example))
