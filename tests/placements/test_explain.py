"""What an explanation says is what `recommend` does, item by item."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Recent
from recommender.errors import ConfigError, UnknownIdError
from recommender.ingest import read_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import MAX_K, Choice, Explanation, Query, choose, explain, recommend
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.placements.conftest import Ask

USER = "u0042"
TENT = Query("also-bought", item_ids=("TENT",))

QUERIES = [
    TENT,
    Query("also-bought", item_ids=("COAT-M",), user_id=USER),
    Query("also-bought", item_ids=("nothing we sell",)),
    Query("similar-items", item_ids=("☕",)),
    Query("for-you", user_id=USER),
    Query("for-you", item_ids=("TENT", "a/b")),
    Query("for-you", user_id="nobody we know"),
    Query("popular", user_id=USER, max_price=60.0),
    Query("trending", exclude=("COLDBREW",)),
    Query("new-arrivals"),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.placement}-{QUERIES.index(query)}")
def test_every_item_of_the_shop(toy_bundle: Bundle, query: Query) -> None:
    raw = toy_bundle.manifest.model_copy(update={"calibrations": {}})  # scores as they rank, no chances
    toy_bundle = replace(toy_bundle, manifest=raw)
    shown = {item["item_id"]: item for item in recommend(toy_bundle, query).items}
    ranked = {item["item_id"]: item for item in recommend(toy_bundle, replace(query, k=MAX_K)).items}
    last = list(shown.values())[-1]
    types = set()
    for item_id in toy_bundle.items.ids_of(range(len(toy_bundle.items))):
        found = explain(toy_bundle, query, item_id)
        types.add(found.type)
        assert (found.type == "in_slate") == (item_id in shown)
        assert (found.type in ("in_slate", "ranks_lower")) == (item_id in ranked)
        if item_id in ranked:
            expected = ranked[item_id]
            assert found.score is not None
            assert (found.rank, found.source, found.reason) == tuple(
                expected[name] for name in ("rank", "source", "reason")
            )
            assert round(min(found.score, 1.0), 4) == expected["score"]
        assert found.last is not None
        assert (found.last["item_id"], found.last["rank"]) == (last["item_id"], last["rank"])
        assert found.text
        assert [source["score"] is None for source in found.sources] == [
            bool(source["why_not"]) for source in found.sources
        ]
        assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    assert {"in_slate", "ranks_lower", "ruled_out"} <= types


# --- what keeps it out -----------------------------------------------------------------------------------------------


def ruled_out(bundle: Bundle, query: Query, item_id: str) -> Explanation:
    found = explain(bundle, query, item_id)
    assert found.type == "ruled_out"
    assert found.rank is None
    assert found.text.startswith(f"the rule {found.rules[0]} strikes it out: ")
    assert found.gap is None
    return found


def test_rules(toy_bundle: Bundle) -> None:
    for query, item_id, rules, says in (
        (TENT, "BACKPACK", ["out_of_stock"], "the catalogue says so"),
        (replace(TENT, exclude=("PEGS",)), "PEGS", ["excluded"], "the question excludes it"),
        (replace(TENT, category="Coffee"), "PEGS", ["category"], "Outdoor > Camping > Tents, asked for is Coffee"),
        (replace(TENT, max_price=10), "PEGS", ["price"], "its price is 12.0, asked for is one up to 10"),
        (replace(TENT, min_price=20, max_price=30), "PEGS", ["price"], "one from 20 up to 30"),
        (replace(TENT, min_price=500), "BACKPACK", ["out_of_stock", "price"], "the catalogue says so"),
        (replace(TENT, item_ids=("COAT-M",)), "COAT-S", ["variant"], "a variant of Rain Coat, M"),
    ):
        found = ruled_out(toy_bundle, query, item_id)
        assert found.rules == rules
        assert says in found.text


def test_a_variant_of_what_ranks_before_it(ask: Ask, toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    group_of = {item: group for group, items in toy_shop.truths.groups.items() for item in items}
    shown = next(item["item_id"] for item in ask("popular", k=MAX_K).items if item["item_id"] in group_of)
    (sibling, *_) = [one for one in toy_shop.truths.groups[group_of[shown]] if one != shown]
    found = ruled_out(toy_bundle, Query("popular"), sibling)
    assert found.rules == ["variant"]
    assert toy_shop.catalogue.set_index("item_id")["title"][shown] in found.text


def test_owned_and_seen(toy_bundle: Bundle) -> None:
    user = toy_bundle.users.index_of(USER)
    assert user is not None
    items, _, bought, *_ = toy_bundle.histories.row(user)
    for item, is_owned in zip(items.tolist(), (bought > 0).tolist(), strict=True):
        query, item_id = Query("for-you", user_id=USER), toy_bundle.items.id_of(item)
        assert ("owned" if is_owned else "seen") in explain(toy_bundle, query, item_id).rules
        popular = explain(toy_bundle, Query("popular", user_id=USER), item_id)
        assert ("owned" in popular.rules) == is_owned
        assert "seen" not in popular.rules


def test_the_rank_without_the_rule(toy_bundle: Bundle) -> None:
    for query in (
        TENT,
        Query("popular"),
        Query("for-you", user_id=USER),
        Query("similar-items", item_ids=("BOOTS-40",)),
    ):
        everything = recommend(toy_bundle, replace(query, k=MAX_K)).items
        for place in (1, 4, 20):
            item_id = everything[place]["item_id"]
            found = ruled_out(toy_bundle, replace(query, exclude=(item_id,)), item_id)
            if "group_id" in toy_bundle.catalogue.fields(toy_bundle.items.indices_of([item_id])[0], ("group_id",)):
                continue  # a variant takes its place
            assert found.rank_without_rules == place + 1
            assert f"it would stand at rank {place + 1}" in found.text


def test_what_it_is_asked_with(toy_bundle: Bundle) -> None:
    for query in (TENT, Query("for-you", item_ids=("TENT",))):
        assert explain(toy_bundle, query, "TENT").type == "asked_with"


def test_what_nobody_knows(toy_bundle: Bundle) -> None:
    found = explain(toy_bundle, TENT, "nothing we sell")
    assert (found.type, found.rank, found.sources) == ("unknown_item", None, [])
    assert toy_bundle.version in found.text


@pytest.fixture(scope="module")
def unsold(toy_shop: ToyShop, toy_config: Config) -> Bundle:
    """The toy shop where nobody ever looked at a tamper, and a knock box is no longer in the catalogue."""
    events = toy_shop.events[toy_shop.events["item_id"] != "TAMPER"]
    catalogue = toy_shop.catalogue[toy_shop.catalogue["item_id"] != "KNOCKBOX"]
    return fit_bundle(read_dataset(toy_config, events=events, catalogue=catalogue)[0], toy_config)


@pytest.mark.parametrize(
    ("query", "why_not"),
    [
        (Query("for-you", user_id=USER), {"blend": "it has no factors", "popular": "there is no purchase of it"}),
        (
            Query("similar-items", item_ids=("TENT",)),
            {"als": "it has no factors", "popular_in_category": "another category"},
        ),
        (TENT, {"co_purchase": "fewer than 5 customers bought both", "category_purchase": "fewer than 5 customers"}),
        (Query("similar-items", item_ids=("SCALE",)), {"popular_in_category": "there is no purchase of it"}),
        (Query("trending"), {"trending": "no more customers buy it"}),
        (Query("new-arrivals"), {"new_arrivals": "more than 60 days"}),
    ],
)
def test_no_candidate(unsold: Bundle, query: Query, why_not: dict[str, str]) -> None:
    found = explain(unsold, query, "TAMPER")
    assert (found.type, found.rank, found.score, found.source, found.reason) == ("no_candidate", *[None] * 4)
    said = {source["source"]: source["why_not"] for source in found.sources}
    for source, words in why_not.items():
        assert words in said[source]
    assert said[found.sources[0]["source"]] in found.text


def test_what_the_catalogue_no_longer_lists(unsold: Bundle) -> None:
    assert ruled_out(unsold, Query("popular"), "KNOCKBOX").rules == ["not_in_catalogue"]
    assert ruled_out(unsold, Query("popular"), "KNOCKBOX").title == "KNOCKBOX"


def test_how_far_it_falls_short(toy_bundle: Bundle) -> None:
    query = Query("popular", k=1)
    first, second = (
        toy_bundle.popular.scores[item]
        for item in toy_bundle.items.indices_of(
            item["item_id"] for item in recommend(toy_bundle, replace(query, k=2)).items
        )
    )
    runner_up = recommend(toy_bundle, replace(query, k=2)).items[1]["item_id"]
    found = explain(toy_bundle, query, runner_up)
    assert found.gap == pytest.approx(first - second, abs=1e-6)
    assert found.text == (
        f"it ranks 2 where k is 1: its score {second:.4f} is {first - second:.4f} below that of the last one shown"
    )
    assert explain(toy_bundle, replace(query, k=2), runner_up).gap is None


def test_scores_of_two_sources_are_not_compared(ask: Ask, toy_bundle: Bundle) -> None:
    similar = Query("similar-items", item_ids=("TENT",))
    other = next(item for item in ask("similar-items", item_ids=("TENT",), k=100).items if item["source"] != "als")
    found = explain(toy_bundle, replace(similar, k=2), other["item_id"])
    assert (found.type, found.rank, found.gap) == ("ranks_lower", other["rank"], None)
    assert f"{other['source']} only fills up behind als; als: " in found.text


def test_below_the_depth_of_the_search(toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    lowest = recommend(toy_bundle, Query("popular", k=MAX_K, category="Office")).items[-1]["item_id"]
    monkeypatch.setattr(sys.modules["recommender.placements.explain"], "DEPTH", 10)
    found = explain(toy_bundle, Query("popular", k=5, category="Office"), lowest)
    assert (found.type, found.rank) == ("ranks_lower", None)
    assert found.text.startswith("it ranks below 10 where k is 5: its score ")


def test_what_an_inexact_source_overlooked(toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def overlook(bundle: Bundle, query: Query, *, depth: int | None = None, recent: Recent) -> Choice:
        choice = choose(bundle, replace(query, k=query.k + 1), depth=depth, recent=recent)
        if depth is None:
            del choice.filled.chosen[1]
        return choice

    ids = [item["item_id"] for item in recommend(toy_bundle, Query("popular", k=6)).items]
    monkeypatch.setattr(sys.modules["recommender.placements.explain"], "choose", overlook)
    overlooked, shown, next_one = (explain(toy_bundle, Query("popular", k=4), ids[place]) for place in (1, 4, 5))
    assert (shown.type, shown.rank) == ("in_slate", 4)
    assert (overlooked.type, overlooked.rank) == ("ranks_lower", 5)
    assert "would do, but popular did not find it among its best candidates" in overlooked.text
    assert (next_one.type, next_one.rank) == ("ranks_lower", 6)


# --- what a score consists of ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        Query("for-you", user_id=USER),
        Query("for-you", user_id="007", item_ids=("TENT", "TENT")),
        Query("for-you", item_ids=("☕",)),
        Query("for-you", session_id="s000100"),
    ],
)
def test_the_parts_add_up_to_the_score(toy_bundle: Bundle, query: Query) -> None:
    for item in recommend(toy_bundle, replace(query, k=30)).items:
        if item["source"] not in ("als", "item_knn"):
            continue
        found = explain(toy_bundle, query, item["item_id"])
        parts = [part["score"] for part in found.contributions]
        assert sum(parts) == pytest.approx(found.score, abs=1e-4)
        assert parts == sorted(parts, key=abs, reverse=True)
        popularity = [part for part in found.contributions if part["source"] == "popular"]
        weights = toy_bundle.config.blend
        popular = toy_bundle.popular.scores[toy_bundle.items.indices_of([item["item_id"]])[0]]
        assert len(popularity) == (popular > 0)
        assert all("item_id" not in part for part in popularity)
        assert all(part["score"] <= weights.popular / (weights.als + weights.item_knn) for part in popularity)
        if item["reason"]["type"] == "because_of":
            strongest = next(
                part for part in found.contributions if part["source"] == item["source"] and part["score"] > 0
            )
            assert strongest["item_id"] == item["reason"]["anchor"]
            assert strongest["title"] in item["reason"]["text"]


def test_the_parts_are_those_of_the_whole_history(toy_bundle: Bundle) -> None:
    user = toy_bundle.users.index_of(USER)
    assert user is not None
    history = toy_bundle.items.ids_of(toy_bundle.histories.row(user)[0].tolist())
    query = Query("for-you", user_id=USER)
    found = explain(toy_bundle, query, recommend(toy_bundle, query).items[0]["item_id"])
    assert sorted(part["item_id"] for part in found.contributions if part["source"] == "als") == sorted(history)


def test_only_for_you_has_parts(toy_bundle: Bundle) -> None:
    for query in (TENT, Query("similar-items", item_ids=("TENT",)), Query("popular"), Query("for-you")):
        assert explain(toy_bundle, query, "PEGS").contributions == []


# --- pairs -----------------------------------------------------------------------------------------------------------


def kept_by(shop: ToyShop) -> dict[str, set[str]]:
    """Who bought an item and did not send it back: users, and sessions without a user."""
    events = shop.events.assign(who=shop.events["user_id"].fillna(shop.events["session_id"]))
    sign = events["event"].map({"purchase": 1, "return": -1}).fillna(0)
    net = (sign * events["quantity"]).groupby([events["item_id"], events["who"]]).sum()
    kept = net[net > 0].reset_index()
    return kept.groupby("item_id")["who"].agg(set).to_dict()


def test_support_and_share_of_a_pair(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    kept = kept_by(toy_shop)
    supports = {
        item["item_id"]: item["reason"]["support"]
        for item in recommend(toy_bundle, replace(TENT, k=MAX_K)).items
        if item["source"] == "co_purchase"
    }
    assert "PEGS" in supports
    for item_id in toy_shop.catalogue["item_id"]:
        if item_id == "TENT":
            continue
        pair = explain(toy_bundle, TENT, item_id).pair
        assert pair is not None
        assert (pair["item_id"], pair["title"]) == ("TENT", "Two-Person Tent")
        if item_id in supports:
            assert pair["support"] == supports[item_id]
        both = kept["TENT"] & kept.get(item_id, set())
        expected = len(both) / len(kept["TENT"]) if len(both) >= 5 else None
        assert pair["share"] == (None if expected is None else pytest.approx(expected))


def test_other_placements_know_no_pairs(toy_bundle: Bundle) -> None:
    for query in (Query("popular"), Query("similar-items", item_ids=("TENT",)), Query("also-bought", item_ids=("?",))):
        assert explain(toy_bundle, query, "PEGS").pair is None


def test_owners(toy_bundle: Bundle) -> None:
    histories = toy_bundle.histories
    for item in range(0, len(toy_bundle.items), 7):
        expected = [
            actor for actor in range(len(histories)) if item in histories.row(actor)[0][histories.row(actor)[2] > 0]
        ]
        assert histories.owners(item).tolist() == expected
    assert histories.owners(len(toy_bundle.items)).tolist() == []


# --- wrong questions -------------------------------------------------------------------------------------------------


def test_wrong_questions(toy_bundle: Bundle) -> None:
    with pytest.raises(ConfigError, match="exactly one item_id"):
        explain(toy_bundle, Query("also-bought"), "TENT")
    with pytest.raises(ConfigError, match="k = 0"):
        explain(toy_bundle, replace(TENT, k=0), "TENT")
    with pytest.raises(UnknownIdError):
        explain(toy_bundle, replace(TENT, item_ids=("?",), strict=True), "TENT")


def test_without_events_of_a_user_it_says_so(toy_bundle: Bundle) -> None:
    found = explain(toy_bundle, Query("for-you", user_id="nobody"), "TENT")
    assert found.fallback is not None
    assert found.fallback["type"] == "unknown_user"
    assert [source["source"] for source in found.sources] == ["popular"]
