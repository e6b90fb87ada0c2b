"""What holds of every answer of every placement."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from recommender.bundle import Bundle
from recommender.errors import ConfigError, UnknownIdError
from recommender.placements import MAX_K, PLACEMENTS, Query, recommend
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.placements.conftest import Ask

USER, ITEM = "u0042", "TENT"

QUERIES = [
    Query("also-bought", item_ids=(ITEM,)),
    Query("also-bought", item_ids=(ITEM,), user_id=USER),
    Query("also-bought", item_ids=("nothing we sell",)),
    Query("similar-items", item_ids=(ITEM,)),
    Query("cross-sell", item_ids=(ITEM, "BOTTLE", "BOTTLE", "nothing we sell")),
    Query("cross-sell", item_ids=(ITEM, "COAT-M"), user_id=USER, complements_only=True),
    Query("cross-sell", item_ids=("nothing we sell",)),
    Query("similar-items", item_ids=("COAT-M",), user_id=USER),
    Query("up-sell", item_ids=("HOSE-1",)),
    Query("up-sell", item_ids=("FOUNTN-1",), user_id=USER),
    Query("up-sell", item_ids=("nothing we sell",)),
    Query("for-you", user_id=USER),
    Query("buy-again", user_id=USER),
    Query("buy-again", user_id="nobody we know"),
    Query("for-you", item_ids=(ITEM, "BOTTLE", "BOTTLE", "nothing we sell")),
    Query("for-you", session_id="s000100"),
    Query("for-you"),
    Query("popular"),
    Query("popular", user_id=USER),
    Query("trending", session_id="s000100"),
    Query("new-arrivals", user_id="nobody we know"),
]

each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.placement}-{QUERIES.index(query)}")
each_placement = pytest.mark.parametrize("placement", PLACEMENTS)
each_but_up_sell = pytest.mark.parametrize("placement", [name for name in PLACEMENTS if name != "up-sell"])

LADDER = ["trending", "new_arrivals", "als", "category_purchase", "popular_in_category", "popular"]
SOURCES = {*LADDER, "co_purchase", "basket_factors", "item_knn", "own", "trade_up", "repurchase", "past_items"}


def anchored(placement: str, **asked: object) -> Query:
    item = "CHIVES" if placement == "up-sell" else ITEM  # the cheapest: all others are dearer
    return Query(placement, item_ids=(item,) if PLACEMENTS[placement].anchor in ("item", "basket") else (), **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def owned(toy_shop: ToyShop) -> dict[str, set[str]]:
    """What each user bought and did not send back."""
    events = toy_shop.events
    bought = events[events["event"] == "purchase"].groupby(["user_id", "item_id"])["quantity"].sum()
    back = events[events["event"] == "return"].groupby(["user_id", "item_id"])["quantity"].sum()
    kept = bought.sub(back, fill_value=0)
    return {str(user): set(part.index.get_level_values(1)) for user, part in kept[kept > 0].groupby(level=0)}


@each_query
@pytest.mark.parametrize("k", [1, 10, MAX_K])
def test_form(toy_bundle: Bundle, query: Query, k: int) -> None:
    slate = recommend(toy_bundle, replace(query, k=k))
    ids = [item["item_id"] for item in slate.items]
    assert len(ids) == len(set(ids)) == k - slate.shortfall
    assert [item["rank"] for item in slate.items] == list(range(1, len(ids) + 1))
    assert all(0 <= item["score"] <= 1 for item in slate.items)
    for item in slate.items:
        assert item["source"] in SOURCES
        assert item["reason"]["type"]
        assert item["reason"]["text"]
    assert all(count > 0 for count in slate.dropped.values())
    assert (slate.placement, slate.model_version) == (query.placement, toy_bundle.version)
    assert json.loads(json.dumps(slate.to_dict())) == slate.to_dict()


@each_query
def test_the_first_places_do_not_depend_on_k(toy_bundle: Bundle, query: Query) -> None:
    long = recommend(toy_bundle, replace(query, k=40)).items
    short = recommend(toy_bundle, replace(query, k=7)).items
    assert short == long[:7]


@each_query
def test_items_are_described_as_in_the_catalogue(toy_bundle: Bundle, toy_shop: ToyShop, query: Query) -> None:
    rows = toy_shop.catalogue.set_index("item_id")
    for item in recommend(toy_bundle, query).items:
        row = rows.loc[item["item_id"]]
        assert {name: item[name] for name in ("title", "price", "url", "image_url")} == row[
            ["title", "price", "url", "image_url"]
        ].to_dict()


@each_but_up_sell
def test_never_out_of_stock_and_one_variant_each(toy_bundle: Bundle, toy_shop: ToyShop, placement: str) -> None:
    group_of = {item: group for group, items in toy_shop.truths.groups.items() for item in items}
    slate = recommend(toy_bundle, anchored(placement, k=MAX_K, user_id=USER))
    ids = [item["item_id"] for item in slate.items]
    assert len(ids) > 30
    assert not set(ids) & set(toy_shop.truths.out_of_stock)
    assert slate.dropped["out_of_stock"] > 0
    groups = [group_of[item] for item in ids if item in group_of]
    assert 0 < len(groups) == len(set(groups))
    assert slate.dropped["variant"] > 0


@each_placement
def test_what_a_user_owns_drops_out_and_is_counted(
    toy_bundle: Bundle, toy_shop: ToyShop, owned: dict[str, set[str]], placement: str
) -> None:
    consumables = set(toy_shop.truths.repeat_gap_days)
    for user in ("007", "null", "NA", "anna/b", "🦊", "u0100", USER):
        slate = recommend(toy_bundle, anchored(placement, k=MAX_K, user_id=user))
        assert not {item["item_id"] for item in slate.items} & (owned[user] - consumables)
        assert 0 < slate.dropped["owned"] <= len(owned[user])
    anonymous = recommend(toy_bundle, anchored(placement, k=MAX_K))
    assert "owned" not in anonymous.dropped


def test_for_you_shows_nothing_looked_at_others_may(ask: Ask, toy_shop: ToyShop, owned: dict[str, set[str]]) -> None:
    events = toy_shop.events
    looked_at = set(events.loc[(events["user_id"] == USER), "item_id"]) - owned[USER]
    assert looked_at
    for_you, popular = (
        {item["item_id"] for item in ask(placement, user_id=USER, k=MAX_K).items}
        for placement in ("for-you", "popular")
    )
    assert not for_you & looked_at
    assert popular & looked_at
    assert ask("for-you", user_id=USER, k=MAX_K).dropped["seen"] > 0


@each_but_up_sell
def test_whoever_asks_for_more_than_there_is_gets_a_shortfall(toy_bundle: Bundle, placement: str) -> None:
    slate = recommend(toy_bundle, anchored(placement, k=MAX_K, category="Garden > Watering"))
    assert 0 < len(slate.items) < 20
    assert slate.shortfall == MAX_K - len(slate.items)
    assert "category" not in slate.dropped  # so few meet it that only those are looked at
    nowhere = recommend(toy_bundle, anchored(placement, category="Nowhere"))
    assert (nowhere.items, nowhere.shortfall) == ([], 10)
    assert nowhere.fallback is not None


@each_but_up_sell
def test_category_and_price(toy_bundle: Bundle, toy_shop: ToyShop, placement: str) -> None:
    rows = toy_shop.catalogue.set_index("item_id")
    shown = recommend(toy_bundle, anchored(placement, k=MAX_K, category="Coffee>Cups")).items
    assert {rows.loc[item["item_id"], "category"] for item in shown} == {
        "Coffee > Cups > Glass",
        "Coffee > Cups > Porcelain",
    }
    slate = recommend(toy_bundle, anchored(placement, k=30, min_price=12.5, max_price=29.0))
    prices = [item["price"] for item in slate.items]
    assert len(prices) > 15
    assert min(prices) == 12.5
    assert max(prices) == 29.0
    assert slate.dropped["price"] > 0
    assert min(item["price"] for item in recommend(toy_bundle, anchored(placement, min_price=100)).items) >= 100
    assert max(item["price"] for item in recommend(toy_bundle, anchored(placement, max_price=9)).items) <= 9


@each_placement
def test_what_is_excluded_stays_out_and_the_rest_moves_up(
    toy_bundle: Bundle, toy_shop: ToyShop, placement: str
) -> None:
    everything = [item["item_id"] for item in recommend(toy_bundle, anchored(placement, k=30)).items]
    variants = {item for group in toy_shop.truths.groups.values() for item in group}  # where one goes, another moves up
    first, second = [item for item in everything[:8] if item not in variants][:2]
    slate = recommend(toy_bundle, anchored(placement, exclude=(first, second, "nothing we sell")))
    ids = [item["item_id"] for item in slate.items]
    assert ids[:8] == [item for item in everything if item not in (first, second)][:8]
    assert slate.dropped["excluded"] == 2


def test_the_anchor_is_never_answered_nor_a_variant_of_it(ask: Ask, toy_shop: ToyShop) -> None:
    for placement in ("also-bought", "similar-items", "for-you"):
        ids = {item["item_id"] for item in ask(placement, item_ids=("COAT-M",), k=MAX_K).items}
        assert not ids & set(toy_shop.truths.groups["COAT"])


# --- unknown ids and wrong questions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        (Query("also-bought", item_ids=("?",)), "unknown_item"),
        (Query("also-bought", item_ids=("?",), user_id="?"), "unknown_item"),
        (Query("similar-items", item_ids=("?",)), "unknown_item"),
        (Query("for-you", user_id="?"), "unknown_user"),
        (Query("for-you", session_id="?"), "unknown_session"),
        (Query("for-you", item_ids=("?",)), "unknown_item"),
        (Query("for-you"), "no_history"),
    ],
)
def test_without_an_anchor_best_sellers_answer_and_say_so(toy_bundle: Bundle, query: Query, kind: str) -> None:
    slate = recommend(toy_bundle, query)
    assert slate.fallback is not None
    assert slate.fallback["type"] == kind
    assert slate.fallback["text"]
    assert {item["source"] for item in slate.items} == {"popular"}
    popular = recommend(toy_bundle, Query("popular"))
    assert [item["item_id"] for item in slate.items] == [item["item_id"] for item in popular.items]


def test_an_unknown_user_does_not_harm_where_no_user_is_needed(ask: Ask) -> None:
    for asked in ({"item_ids": (ITEM,)}, {"item_ids": (ITEM,), "session_id": "?"}):
        known, unknown = (ask("similar-items", **asked, **who) for who in ({}, {"user_id": "?"}))
        assert unknown.items == known.items
        assert unknown.fallback is known.fallback is None
    assert ask("popular", user_id="?").items == ask("popular").items


def test_a_short_source_is_filled_up_and_says_so(ask: Ask) -> None:
    slate = ask("similar-items", item_ids=(ITEM,), k=MAX_K)
    sources = [item["source"] for item in slate.items]
    assert sources == sorted(sources, key=LADDER.index)
    assert sources[0] == "als"
    assert sources[-1] != "als"
    assert slate.fallback is not None
    assert slate.fallback["type"] == "few_candidates"
    assert ask("also-bought", item_ids=(ITEM,), k=1).fallback is None


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        (Query("also-bought", item_ids=("?",)), "item_id"),
        (Query("also-bought", item_ids=(ITEM,), user_id="?"), "user_id"),
        (Query("for-you", user_id="?"), "user_id"),
        (Query("for-you", session_id="?"), "session_id"),
        (Query("for-you", item_ids=(ITEM, "?")), "item_id"),
        (Query("popular", user_id="?"), "user_id"),
        (Query("trending", user_id="\ud800?"), "user_id"),
    ],
)
def test_strict_refuses_unknown_ids(toy_bundle: Bundle, query: Query, parameter: str) -> None:
    with pytest.raises(UnknownIdError, match=f"{parameter} .* is not known") as caught:
        recommend(toy_bundle, replace(query, strict=True))
    assert caught.value.parameter == parameter
    assert caught.value.value.endswith("?")
    recommend(toy_bundle, query)


def test_strict_is_content_with_what_is_known(ask: Ask) -> None:
    assert ask("for-you", user_id=USER, strict=True).items == ask("for-you", user_id=USER).items
    assert ask("popular", exclude=("nothing we sell",), strict=True).items


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (Query("cross-sale"), "placement 'cross-sale' is unknown; there are: also-bought, similar-items, "),
        (Query(""), "placement '' is unknown"),
        (Query("popular", k=0), "k = 0: must be from 1 to 100"),
        (Query("popular", k=-1), "k = -1: must be from 1 to 100"),
        (Query("popular", k=101), "k = 101: must be from 1 to 100"),
        (Query("also-bought"), "also-bought needs exactly one item_id, got 0"),
        (Query("also-bought", user_id=USER), "also-bought needs exactly one item_id, got 0"),
        (Query("similar-items", item_ids=("a", "b")), "similar-items needs exactly one item_id, got 2"),
        (Query("popular", item_ids=(ITEM,)), "popular takes no item_id, got 1"),
        (Query("popular", min_price=5.0, max_price=2.5), "min_price 5 must not be above max_price 2.5"),
    ],
)
def test_wrong_questions(toy_bundle: Bundle, query: Query, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recommend(toy_bundle, query)
    assert said in str(caught.value)


def test_rec_id_is_a_digest_of_version_and_query(toy_bundle: Bundle) -> None:
    query = Query("similar-items", item_ids=(ITEM,))
    others = [
        replace(query, k=11),
        replace(query, placement="also-bought"),
        replace(query, item_ids=("BOTTLE",)),
        replace(query, user_id=ITEM),
        replace(query, session_id=ITEM),
        replace(query, exclude=("BOTTLE",)),
        replace(query, category="Coffee"),
        replace(query, min_price=1.0),
        replace(query, max_price=1.0),
        replace(query, strict=True),
    ]
    newer = replace(toy_bundle, manifest=toy_bundle.manifest.model_copy(update={"version": "v00002"}))
    ids = [recommend(toy_bundle, one).rec_id for one in [query, *others]] + [recommend(newer, query).rec_id]
    assert len(set(ids)) == len(ids) == 12
    assert recommend(toy_bundle, Query("similar-items", item_ids=(ITEM,))).rec_id == ids[0]
    assert all(len(rec_id) == 20 for rec_id in ids)


@each_placement
def test_every_placement_has_a_question(placement: str) -> None:
    assert PLACEMENTS[placement].name == placement
    assert PLACEMENTS[placement].question.strip()
    assert PLACEMENTS[placement].anchor in ("item", "basket", "user", None)
