"""Rules of the shop: pins, boosts, exclusions and their days; brand, price and category; diversity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recommender.bundle import Bundle
from recommender.bundle.manifest import config_record
from recommender.config import Config, parse_config
from recommender.dataset import Catalogue
from recommender.errors import ConfigError
from recommender.pipeline import check
from recommender.placements import PLACEMENTS, Query, Slate, explain, recommend, shop_rules
from recommender.ranking.diversity import similarities

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
TENT = Query("also-bought", k=6, item_ids=("TENT",))

Shop = Callable[..., Bundle]


@pytest.fixture
def shop(toy_bundle: Bundle) -> Shop:
    """The toy bundle under rules, and under options of also-bought and popular."""

    def under(*, options: dict[str, Any] | None = None, **rules: list[dict[str, Any]]) -> Bundle:
        tree = toy_bundle.config.model_dump(by_alias=True)
        tree["rules"] = rules
        for placement in ("also-bought", "popular"):
            tree["placements"][placement] |= options or {}
        return replace(toy_bundle, config=parse_config(tree, folder=toy_bundle.config.folder))

    return under


def ids(slate: Slate) -> list[str]:
    return [item["item_id"] for item in slate.items]


def likeness(bundle: Bundle, slate: Slate) -> float:
    items = bundle.items.indices_of(ids(slate))
    alike = similarities(bundle.als.item_factors[items], bundle.catalogue.category[items])
    return float(alike[np.triu_indices(len(items), 1)].mean())


def of(bundle: Bundle, item_id: str, field: str) -> Any:
    item = bundle.items.index_of(item_id)
    assert item is not None
    return bundle.catalogue.fields(item, (field,)).get(field)


def test_exclude_by_condition_and_by_id(shop: Shop, toy_bundle: Bundle) -> None:
    before = ids(recommend(toy_bundle, Query("popular", k=20)))
    bundle = shop(exclude=[{"where": ["brand = Nappy", "price < 10"]}, {"items": [before[0]]}])
    slate = recommend(bundle, Query("popular", k=20))
    out = {one for one in before if of(bundle, one, "brand") == "Nappy" and of(bundle, one, "price") < 10}
    assert not (out | {before[0]}) & set(ids(slate))
    assert slate.dropped["rule"] >= 1
    assert len(slate.items) == 20
    found = explain(bundle, Query("popular", k=20), before[0])
    assert (found.type, found.rules) == ("ruled_out", ["rule"])
    assert "[[rules.exclude]]" in found.text


def test_a_rule_holds_where_it_says(shop: Shop, toy_bundle: Bundle) -> None:
    bundle = shop(exclude=[{"items": ["PEGS"], "placements": ["popular"]}])
    assert "PEGS" in ids(recommend(bundle, TENT))
    assert "PEGS" not in ids(recommend(bundle, Query("popular", k=100)))
    assert "PEGS" in ids(recommend(toy_bundle, Query("popular", k=100)))


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (date(2026, 11, 24), None, True),
        (date(2026, 11, 25), None, False),
        (None, date(2026, 11, 24), True),
        (None, date(2026, 11, 23), False),
        (datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 13), True),
        (None, datetime(2026, 11, 24, 12, tzinfo=UTC), False),
        ("2026-11-01", "2026-11-24", True),
    ],
)
def test_days_of_a_rule(shop: Shop, since: Any, until: Any, holds: bool) -> None:
    days = {name: day for name, day in (("since", since), ("until", until)) if day is not None}
    bundle = shop(exclude=[{"items": ["PEGS"], **days}])
    assert ("PEGS" not in ids(recommend(bundle, TENT, now=NOW))) == holds


def test_an_answer_changes_when_a_rule_begins_and_ends(shop: Shop) -> None:
    bundle = shop(exclude=[{"items": ["PEGS"], "since": date(2026, 12, 1), "until": date(2026, 12, 2)}])
    days = [datetime(2026, 12, day, 5, tzinfo=UTC).timestamp() for day in (1, 2, 3)]
    before, first, last, after = (recommend(bundle, TENT, now=moment) for moment in (NOW, *days))
    assert ["PEGS" in ids(slate) for slate in (before, first, last, after)] == [True, False, False, True]
    assert first.rec_id == last.rec_id
    assert before.rec_id == after.rec_id != first.rec_id
    rules = shop_rules(bundle)
    begins, ends = (datetime(2026, 12, day, tzinfo=UTC).timestamp() for day in (1, 3))
    assert [rules.bounds(moment) for moment in (NOW, days[1], days[2])] == [(-inf, begins), (begins, ends), (ends, inf)]


def test_boost_multiplies_and_bury_sinks(shop: Shop, toy_bundle: Bundle) -> None:
    plain = recommend(toy_bundle, Query("popular", k=40))
    brand = of(toy_bundle, ids(plain)[-1], "brand")
    bundle = shop(boost=[{"where": [f"brand = {brand}"], "factor": 3}, {"items": [ids(plain)[0]], "factor": 0.25}])
    slate = recommend(bundle, Query("popular", k=100))
    model = toy_bundle.popular.scores
    expected = {}
    for item_id in ids(recommend(toy_bundle, Query("popular", k=100))):
        item = toy_bundle.items.index_of(item_id)
        factor = (3 if of(toy_bundle, item_id, "brand") == brand else 1) * (0.25 if item_id == ids(plain)[0] else 1)
        expected[item_id] = float(model[item]) * factor
    scores = [expected[item_id] for item_id in ids(slate)]
    assert scores == sorted(scores, reverse=True)
    assert [item["score"] for item in slate.items] == [round(min(score, 1), 4) for score in scores]
    assert {item["source"] for item in slate.items} == {"popular"}


def test_pins_stand_at_their_position_and_say_so(shop: Shop, toy_bundle: Bundle) -> None:
    bundle = shop(pin=[{"items": ["LAMP", "STOVE"], "position": 2}])
    plain, slate = recommend(toy_bundle, TENT), recommend(bundle, TENT)
    assert ids(slate)[1:3] == ["LAMP", "STOVE"]
    assert [item["rank"] for item in slate.items] == [1, 2, 3, 4, 5, 6]
    rest = [one for one in ids(plain) if one not in ("LAMP", "STOVE")]
    assert [one for one in ids(slate) if one not in ("LAMP", "STOVE")] == rest[:4]
    pinned = slate.items[1]
    assert (pinned["source"], pinned["score"]) == ("pinned", 1.0)
    assert pinned["reason"] == {"type": "pinned", "text": "Picked by the shop"}


def test_a_pin_obeys_the_other_rules(shop: Shop, toy_bundle: Bundle) -> None:
    bundle = shop(pin=[{"items": ["BACKPACK", "TENT", "LAMP", "PEGS"]}], exclude=[{"items": ["LAMP"]}])
    slate = recommend(bundle, replace(TENT, filter=("category under Outdoor > Camping",)))
    assert toy_bundle.catalogue.in_stock[toy_bundle.items.index_of("BACKPACK")] == np.False_
    assert slate.items[0]["source"] != "pinned" or ids(slate)[0] == "PEGS"
    assert [item["item_id"] for item in slate.items if item["source"] == "pinned"] == ["PEGS"]
    assert len(set(ids(slate))) == len(ids(slate))
    owner = next(
        toy_bundle.users.id_of(row)
        for row in range(len(toy_bundle.users))
        if toy_bundle.items.index_of("PEGS") in (history := toy_bundle.histories.row(row))[0][history[2] > 0]
    )
    assert "PEGS" not in ids(recommend(bundle, replace(TENT, user_id=owner)))


def test_a_pin_beyond_k_and_one_of_a_short_slate(shop: Shop) -> None:
    bundle = shop(pin=[{"items": ["LAMP"], "position": 5}])
    assert "pinned" not in {item["source"] for item in recommend(bundle, replace(TENT, k=4)).items}
    assert recommend(bundle, replace(TENT, k=5)).items[4]["item_id"] == "LAMP"
    short = recommend(bundle, Query("popular", k=10, filter=("category = Outdoor > Camping > Light",)))
    assert ids(short)[-1] == "LAMP"
    assert short.shortfall == 10 - len(short.items) > 0


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"exclude": [{"where": ["bran = x"]}]}, "rules.exclude.0.where: the catalogue has no field 'bran'"),
        ({"boost": [{"where": ["price = cheap"], "factor": 2}]}, "rules.boost.0.where: price = cheap"),
        ({"exclude": [{"where": ["nonsense"]}]}, "no condition"),
    ],
)
def test_a_rule_that_does_not_fit_the_catalogue_is_a_configuration_error(
    toy_config: Config, rules: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check.run(toy_config.model_copy(update={"rules": parse_config({"rules": rules}).rules}))
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"exclude": [{}]}, "say which items"),
        ({"exclude": [{"where": ["a = b"], "items": ["x"]}]}, "say which items"),
        ({"exclude": [{"items": ["x"], "whre": []}]}, "did you mean 'where'?"),
        ({"exclude": [{"items": ["x"], "placements": ["home"]}]}, "there is no placement 'home'"),
        ({"exclude": [{"items": ["x"], "since": date(2026, 2, 2), "until": date(2026, 2, 1)}]}, "after since"),
        ({"exclude": [{"items": ["x"], "since": "soon"}]}, "rules.exclude.0.since"),
        ({"boost": [{"items": ["x"], "factor": 0}]}, "greater than 0"),
        ({"pin": [{"where": ["a = b"]}]}, "a pin names its items"),
        ({"pins": []}, "did you mean 'pin'?"),
    ],
)
def test_a_malformed_rule_is_refused(rules: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"rules": rules})
    assert says in str(caught.value)


def test_a_rule_about_unknown_items_is_a_warning(toy_config: Config) -> None:
    rules = parse_config({"rules": {"exclude": [{"items": ["TENT", "gone"]}]}}).rules
    report, _ = check.run(toy_config.model_copy(update={"rules": rules}))
    assert any("neither events nor catalogue hold: gone" in warning for warning in report.warnings)


def test_rules_go_into_the_manifest_and_come_back() -> None:
    rules = {
        "exclude": [{"items": ["x"], "since": date(2026, 2, 1), "until": date(2026, 2, 1)}],
        "boost": [{"where": ["brand = y"], "factor": 2.0, "placements": ["popular"]}],
    }
    config = parse_config({"rules": rules})
    assert parse_config(config_record(config)) == config
    assert config.rules.exclude[0].until == datetime(2026, 2, 2, tzinfo=UTC)


# --- beside what is asked with ---------------------------------------------------------------------------------------


def test_at_most_so_many_of_a_category_and_of_a_brand(shop: Shop, toy_bundle: Bundle) -> None:
    bundle = shop(options={"max_per_category": 1, "max_per_brand": 3})
    slate = recommend(bundle, Query("popular", k=15))
    brands = Counter(of(bundle, one, "brand") for one in ids(slate))
    categories = Counter(of(bundle, one, "category") for one in ids(slate))
    plain = ids(recommend(toy_bundle, Query("popular", k=15)))
    assert max(Counter(of(bundle, one, "category") for one in plain).values()) > 1
    assert max(categories.values()) == 1
    assert max(brands.values()) <= 3
    assert slate.dropped["max_per_category"] > 0
    hidden = next(one for one in plain if one not in ids(slate))
    assert explain(bundle, Query("popular", k=15), hidden).type == "ruled_out"


def test_one_item_of_a_title_and_none_of_what_is_asked_with(shop: Shop, toy_bundle: Bundle) -> None:
    """Titles that name kinds: every third item of the shop is called the same as the tent."""
    table = toy_bundle.catalogue.table
    titles = table["title"].to_pylist()
    titles[::3] = [f"Kind {place % 4}" for place in range(len(titles[::3]))]
    tent = toy_bundle.items.index_of("TENT") or 0
    titles[tent] = "Kind 1"
    named = Catalogue(table.set_column(table.column_names.index("title"), "title", pa.array(titles)))

    def shown(bundle: Bundle) -> list[str]:
        return [titles[bundle.items.index_of(one) or 0] for one in ids(recommend(bundle, replace(TENT, k=60)))]

    free = Counter(shown(replace(toy_bundle, catalogue=named)))
    assert min(free[f"Kind {kind}"] for kind in range(4)) > 1
    bundle = replace(shop(options={"one_per_title": True}), catalogue=named)
    held = Counter(shown(bundle))
    assert max(held.values()) == 1
    assert "Kind 1" not in held
    assert len(held) > 20
    other = next(place for place in range(0, len(titles), 3) if titles[place] == "Kind 1" and place != tent)
    found = explain(bundle, TENT, bundle.items.id_of(other))
    assert (found.type, found.rules) == ("ruled_out", ["title"])


@pytest.mark.parametrize("brand", ["same", "other"])
def test_brand_of_what_is_asked_with(shop: Shop, brand: str) -> None:
    bundle = shop(options={"brand": brand})
    slate = recommend(bundle, replace(TENT, k=5))
    assert slate.items
    assert {of(bundle, one, "brand") == "Lagerfield" for one in ids(slate)} == {brand == "same"}
    assert ids(recommend(bundle, Query("popular"))) == ids(recommend(shop(), Query("popular")))


def test_price_beside_that_of_what_is_asked_with(shop: Shop) -> None:
    bundle = shop(options={"min_price_ratio": 0.1, "max_price_ratio": 0.5})
    slate = recommend(bundle, replace(TENT, k=20))
    assert slate.items
    assert all(0.1 * 199 <= of(bundle, one, "price") <= 0.5 * 199 for one in ids(slate))
    assert slate.dropped["price_ratio"] > 0


# --- diversity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("placement", ["popular", "for-you", "similar-items"])
def test_diversity_by_question_and_by_option(toy_bundle: Bundle, placement: str) -> None:
    anchor = {"similar-items": {"item_ids": ("TENT",)}, "for-you": {"user_id": "u0042"}}.get(placement, {})
    query = Query(placement, **anchor)  # type: ignore[arg-type]
    plain, dialled = recommend(toy_bundle, query), recommend(toy_bundle, replace(query, diversity=0.7))
    assert recommend(toy_bundle, replace(query, diversity=0.0)).items == plain.items
    assert ids(plain)[0] == ids(dialled)[0]
    assert ids(plain) != ids(dialled)
    assert len(ids(dialled)) == len(set(ids(dialled))) == 10
    assert likeness(toy_bundle, dialled) < 0.9 * likeness(toy_bundle, plain)


def test_the_shops_own_dial(shop: Shop, toy_bundle: Bundle) -> None:
    bundle = shop(options={"diversity": 0.7})
    asked = recommend(toy_bundle, Query("popular", diversity=0.7))
    assert recommend(bundle, Query("popular")).items == asked.items
    assert recommend(bundle, Query("popular", diversity=0.0)).items == recommend(toy_bundle, Query("popular")).items


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_under_all_rules_at_once_a_slate_is_still_one(shop: Shop, placement: str) -> None:
    bundle = shop(
        options={"max_per_category": 2, "diversity": 0.4},
        exclude=[{"where": ["price > 100"]}],
        boost=[{"where": ["brand = Fjell"], "factor": 2}],
        pin=[{"items": ["LAMP", "PEN"], "position": 2}],
    )
    for user in (None, "u0042", "nobody"):
        query = Query(placement, k=12, user_id=user, filter=("price > 5",), diversity=0.3)
        if PLACEMENTS[placement].anchor in ("item", "basket"):
            query = replace(query, item_ids=("ESPRESSO",))
        slate = recommend(bundle, query)
        assert len(ids(slate)) == len(set(ids(slate))) == 12 - slate.shortfall
        assert [item["rank"] for item in slate.items] == list(range(1, len(slate.items) + 1))
        assert all(5 < of(bundle, one, "price") <= 100 for one in ids(slate))
        assert all(item["reason"]["text"] for item in slate.items)
