"""`recommend`: the same answer as everybody else gets, in a table or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.bundle import PreparedAnswers
from recommender.dataset import Catalogue
from recommender.placements import PLACEMENTS, Query, recommend

if TYPE_CHECKING:
    from recommender.bundle import Bundle
    from tests.cli.conftest import Invoke, Run

ALSO_BOUGHT = ("recommend", "--placement", "also-bought", "--item", "TENT")


@pytest.fixture
def shop(invoke: Invoke, trained_shop: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(trained_shop)
    return invoke


def test_json_is_exactly_the_answer_of_the_placement(run: Run, trained_shop: Path, toy_bundle: Bundle) -> None:
    done = run(*ALSO_BOUGHT, "--k", "5", "--json", cwd=trained_shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout) == recommend(toy_bundle, Query("also-bought", 5, item_ids=("TENT",))).to_dict()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_placement_answers(shop: Invoke, placement: str) -> None:
    anchor = {
        "item": ("--item", "TENT"),
        "basket": ("--item", "TENT", "--item", "COAT-M"),
        "user": ("--user", "007"),
        None: (),
    }[PLACEMENTS[placement].anchor]
    done = shop("recommend", "--placement", placement, *anchor, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["placement"] == placement


def test_the_table_shows_rank_item_title_score_source_and_reason(shop: Invoke, toy_bundle: Bundle) -> None:
    done = shop(*ALSO_BOUGHT, "--k", "3")
    first = recommend(toy_bundle, Query("also-bought", 3, item_ids=("TENT",))).items[0]
    assert first["item_id"] == "PEGS"
    line = next(line for line in done.stdout.splitlines() if line.strip().startswith("1 "))
    for part in ("PEGS", first["title"], f"{first['score']:.2f}", first["source"], first["reason"]["text"]):
        assert part in line


def test_without_titles_there_is_no_column_for_them(shop: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    assert " title" in shop(*ALSO_BOUGHT).stdout
    monkeypatch.setattr(Catalogue, "columns", frozenset({"listed"}))
    monkeypatch.setattr(PreparedAnswers, "about", lambda *_: None)
    untitled = shop(*ALSO_BOUGHT)
    assert untitled.exit_code == 0, untitled.stderr
    assert " title" not in untitled.stdout
    assert "PEGS" in untitled.stdout


def test_filters_reach_the_query(shop: Invoke, toy_bundle: Bundle) -> None:
    filters = ("--category", "Coffee > Cups", "--min-price", "8", "--max-price", "20", "--exclude", "COLDBREW")
    done = shop("recommend", "--placement", "popular", *filters, "--json")
    query = Query("popular", category="Coffee > Cups", min_price=8.0, max_price=20.0, exclude=("COLDBREW",))
    assert json.loads(done.stdout) == recommend(toy_bundle, query).to_dict()
    assert json.loads(done.stdout)["shortfall"] > 0


def test_conditions_fields_and_diversity_reach_the_query(shop: Invoke, toy_bundle: Bundle) -> None:
    asked = (
        "--filter",
        "brand = Fjell | Lagerfield",
        "--filter",
        "price <= 60",
        "--field",
        "brand",
        "--diversity",
        "0.5",
    )
    done = shop("recommend", "--placement", "popular", *asked, "--locale", "de", "--explain", "--json")
    query = Query(
        "popular",
        filter=("brand = Fjell | Lagerfield", "price <= 60"),
        fields=("brand",),
        diversity=0.5,
        locale="de",
        explain=True,
    )
    assert json.loads(done.stdout) == recommend(toy_bundle, query).to_dict()


def test_what_is_missing_is_said_below_the_table(shop: Invoke) -> None:
    done = shop("recommend", "--placement", "for-you", "--user", "nobody", "--category", "Coffee > Plans")
    assert done.exit_code == 0
    assert "fallback" in done.stdout
    assert "shortfall" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("for-you", "--user", "nobody", "--strict"), "'nobody' is not known"),
        (("also-bought", "--item", "nothing", "--strict"), "'nothing' is not known"),
        (("also-bought",), "exactly one item"),
        (("also-bought", "--item", "TENT", "--item", "PEGS"), "exactly one item"),
        (("popular", "--k", "0"), "k = 0"),
        (("popular", "--k", "101"), "k = 101"),
        (("popular", "--filter", "bran = x"), "did you mean 'brand'?"),
        (("popular", "--filter", "price = cheap"), "price is compared with a number"),
        (("popular", "--field", "colour"), "no field 'colour'"),
        (("popular", "--diversity", "2"), "diversity = 2: must be from 0 to 1"),
    ],
)
def test_a_question_that_cannot_be_answered(shop: Invoke, arguments: tuple[str, ...], says: str) -> None:
    done = shop("recommend", "--placement", *arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in done.stderr


def test_ids_from_the_shell_stay_what_they_are(shop: Invoke) -> None:
    for item in ("007", "NA", "null", "a/b", "☕"):
        done = shop("recommend", "--placement", "also-bought", "--item", item, "--strict", "--json")
        assert done.exit_code == 0, done.stderr


def test_a_terminal_that_knows_ascii_only(run: Run, trained_shop: Path) -> None:
    done = run(
        "recommend", "--placement", "popular", "--category", "Coffee > Cups", cwd=trained_shop, PYTHONIOENCODING="ascii"
    )
    assert done.returncode == 0, done.stderr
    assert "\\u2615" in done.stdout
    done = run(
        "recommend",
        "--placement",
        "popular",
        "--category",
        "Coffee > Cups",
        "--json",
        cwd=trained_shop,
        PYTHONIOENCODING="ascii",
    )
    assert "☕" in done.stdout
