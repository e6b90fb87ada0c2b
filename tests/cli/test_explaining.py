"""`explain`: the explanation as a person reads it, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.placements import Query, explain, recommend

if TYPE_CHECKING:
    from recommender.bundle import Bundle
    from tests.cli.conftest import Invoke

ALSO_BOUGHT = ("explain", "--placement", "also-bought", "--item", "TENT")


@pytest.fixture
def shop(invoke: Invoke, trained_shop: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(trained_shop)
    return invoke


@pytest.mark.parametrize("target", ["PEGS", "BACKPACK", "TENT", "☕", "nothing we sell"])
def test_json_is_the_explanation(shop: Invoke, toy_bundle: Bundle, target: str) -> None:
    done = shop(*ALSO_BOUGHT, "--target", target, "--k", "5", "--json")
    assert done.exit_code == 0, done.stderr
    expected = explain(toy_bundle, Query("also-bought", 5, item_ids=("TENT",)), target).to_dict()
    assert json.loads(done.stdout) == json.loads(json.dumps(expected))


def test_a_pair(shop: Invoke, toy_bundle: Bundle) -> None:
    done = shop(*ALSO_BOUGHT, "--target", "PEGS")
    found = explain(toy_bundle, Query("also-bought", item_ids=("TENT",)), "PEGS")
    assert found.pair is not None
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert ["item", "Tent Pegs, Set of 10 (PEGS)"] in lines
    assert "it stands at rank 1 of 10" in done.stdout
    assert f"with Two-Person Tent (TENT): {found.pair['support']} customers bought both" in done.stdout
    assert f"{found.pair['share']:.1%} of its known buyers" in done.stdout


def test_why_not(shop: Invoke) -> None:
    done = shop(*ALSO_BOUGHT, "--target", "BACKPACK")
    assert "ruled out" in done.stdout
    assert "the rule out_of_stock strikes it out: the catalogue says so" in done.stdout
    filtered = shop(*ALSO_BOUGHT, "--target", "PEGS", "--max-price", "5", "--exclude", "PEGS")
    assert "rules" in filtered.stdout
    assert "excluded, price" in filtered.stdout


def test_the_parts_of_a_for_you_score(shop: Invoke, toy_bundle: Bundle) -> None:
    query = Query("for-you", user_id="u0042")
    target = recommend(toy_bundle, query).items[0]["item_id"]
    found = explain(toy_bundle, query, target)
    done = shop("explain", "--placement", "for-you", "--user", "u0042", "--target", target)
    assert done.exit_code == 0, done.stderr
    _, _, table = done.stdout.partition("What the score consists of")
    first = found.contributions[0]
    assert f"{first['score']:.4f}" in table
    assert len(found.contributions) > 11
    assert f"and {len(found.contributions) - 10} more, together" in table
    assert first["title"] in table


def test_an_item_nobody_knows(shop: Invoke) -> None:
    done = shop(*ALSO_BOUGHT, "--target", "nothing we sell")
    assert done.exit_code == 0, done.stderr
    assert "unknown item" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("also-bought", "--item", "TENT"), "missing option '--target'"),
        (("also-bought", "--target", "TENT"), "exactly one item"),
        (("for-you", "--user", "nobody", "--target", "TENT", "--strict"), "'nobody' is not known"),
        (("popular", "--target", "TENT", "--k", "101"), "k = 101"),
        (("popular", "--target", "a\tb"), "no control characters"),
    ],
)
def test_a_question_that_cannot_be_answered(shop: Invoke, arguments: tuple[str, ...], says: str) -> None:
    done = shop("explain", "--placement", *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in done.stderr
