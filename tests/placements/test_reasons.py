"""The numbers in reasons are true: each is counted again from the raw events, in other words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recommender.bundle import Bundle
from recommender.config import BlendConfig, Config, parse_config
from recommender.dataset import Catalogue, Dataset
from recommender.ingest import read_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import MAX_K, Query, recommend
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.placements.conftest import Ask


@pytest.fixture(scope="module")
def purchases(toy_shop: ToyShop) -> pd.DataFrame:
    """Purchases that were kept, with who made them: user, else session, else guest order."""
    events = toy_shop.events.copy()
    events["who"] = events["user_id"].fillna(events["session_id"]).fillna(events["order_id"])
    events["basket"] = events["who"] + "|" + events["order_id"].fillna("")
    sign = events["event"].map({"purchase": 1, "return": -1}).fillna(0)
    net = (sign * events["quantity"]).groupby([events["who"], events["item_id"]]).transform("sum")
    return events[(events["event"] == "purchase") & (net > 0)]


def shown(bundle: Bundle, query: Query, kind: str) -> dict[str, dict[str, Any]]:
    items = recommend(bundle, replace(query, k=MAX_K)).items
    return {item["item_id"]: item["reason"] for item in items if item["reason"]["type"] == kind}


def numbers(text: str) -> list[int]:
    return [int(word.replace(",", "")) for word in text.split() if word.replace(",", "").isdigit()]


@pytest.mark.parametrize("placement", ["also-bought", "cross-sell"])
def test_bought_together(toy_bundle: Bundle, toy_shop: ToyShop, purchases: pd.DataFrame, placement: str) -> None:
    who = purchases.groupby("item_id")["who"].agg(set)
    basket = (*toy_shop.catalogue["item_id"][:3],)
    counted = 0
    for anchor in toy_shop.catalogue["item_id"]:
        asked = (anchor,) if placement == "also-bought" else (*basket, anchor)
        for item, reason in shown(toy_bundle, Query(placement, item_ids=asked), "bought_together").items():
            customers = len(who[reason["anchor"]] & who[item])
            assert reason["support"] == customers >= 5
            assert reason["anchor"] in asked
            title = toy_shop.catalogue.set_index("item_id")["title"][reason["anchor"]]
            said = "bought both" if placement == "also-bought" else f"bought it with {title}"
            assert reason["text"] == f"{customers:,} customers {said}"
            counted += 1
    assert counted > 50


def test_bought_with_category(toy_bundle: Bundle, toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    category_of = toy_shop.catalogue.set_index("item_id")["category"]
    baskets = purchases.groupby("item_id")["basket"].agg(set)
    who = purchases.groupby("basket")["who"].first()
    counted = 0
    for anchor in toy_shop.catalogue["item_id"]:
        category = category_of[anchor]
        for item, reason in shown(toy_bundle, Query("also-bought", item_ids=(anchor,)), "bought_with_category").items():
            others = [other for other in baskets.index if category_of.get(other) == category and other != item]
            with_others = set().union(*baskets[others])
            customers = len(set(who[list(with_others & baskets[item])]))
            assert reason["category"] == category
            assert reason["support"] == customers >= 5
            assert reason["text"] == f"{customers:,} customers bought it together with {category.split(' > ')[-1]}"
            counted += 1
    assert counted > 3


def test_in_the_same_baskets_names_the_item_asked_with(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    title = toy_shop.catalogue.set_index("item_id")["title"]
    reasons = shown(toy_bundle, Query("also-bought", item_ids=("TENT",)), "same_baskets")
    assert reasons
    for reason in reasons.values():
        assert (reason["anchor"], "support" in reason) == ("TENT", False)
        assert reason["text"] == f"Goes into the same kind of baskets as {title['TENT']}"


def test_a_reason_never_names_what_the_shop_does_not_list(toy_bundle: Bundle) -> None:
    query = Query("for-you", user_id="u0042", k=MAX_K)
    anchors = {item["reason"].get("anchor") for item in recommend(toy_bundle, query).items} - {None}
    table = toy_bundle.catalogue.table
    for hidden in ([min(anchors)], sorted(anchors), toy_bundle.items.ids_of(range(len(toy_bundle.items)))):
        listed = pa.array([id_ not in hidden for id_ in toy_bundle.items.ids_of(range(len(toy_bundle.items)))])
        delisted = Catalogue(table.set_column(table.column_names.index("listed"), "listed", listed))
        slate = recommend(replace(toy_bundle, catalogue=delisted), query)
        if listed.true_count:
            assert slate.items
            assert not {item["reason"].get("anchor") for item in slate.items} & set(hidden)


def test_a_history_without_factors_gets_best_sellers_that_say_so(toy_bundle: Bundle) -> None:
    factors = toy_bundle.als.item_factors.copy()
    factors[toy_bundle.items.indices_of(["TENT"])] = 0
    bundle = blended(replace(toy_bundle, als=replace(toy_bundle.als, item_factors=factors)), als=1)
    for query in (Query("for-you", item_ids=("TENT",)), Query("for-you", item_ids=("TENT",), user_id="?")):
        slate = recommend(bundle, query)
        assert {item["source"] for item in slate.items} == {"popular"}
        assert slate.fallback is not None
        assert slate.fallback["type"] == "few_candidates"


def blended(bundle: Bundle, **weights: float) -> Bundle:
    """Return the bundle with other weights of for-you's sources; those not named are next to nothing."""
    little = {"als": 1e-6, "item_knn": 0.0, "ease": 0.0, "co_purchase": 0.0, "popular": 1e-9, "own": 0.0}
    config = bundle.config.model_copy(update={"blend": BlendConfig(**{**little, **weights})})
    return replace(bundle, config=config)


def test_what_popularity_brings_for_you_says_how_popular_it_is(toy_bundle: Bundle) -> None:
    slate = recommend(blended(toy_bundle, popular=1000), Query("for-you", item_ids=("TENT",)))
    popular = {item["item_id"]: item["reason"] for item in recommend(toy_bundle, Query("popular", k=100)).items}
    assert {item["source"] for item in slate.items} == {"popular"}
    assert [item["reason"] for item in slate.items] == [popular[item["item_id"]] for item in slate.items]
    assert any("support" in item["reason"] for item in slate.items)


def test_a_pair_of_guests_counts(toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    """The count above would be right by accident if guests never mattered."""
    guests = purchases[purchases["user_id"].isna() & purchases["session_id"].isna()]
    assert guests["basket"].duplicated().any()


@pytest.mark.parametrize("days", [28, 7])
def test_counted_customers(toy_bundle: Bundle, toy_shop: ToyShop, purchases: pd.DataFrame, days: int) -> None:
    """popular counts the customers of the last 28 days, trending those of the last 7."""
    as_of = pd.Timestamp(str(toy_bundle.manifest.as_of))
    recent = purchases[as_of - purchases["timestamp"] <= pd.Timedelta(days=days)]
    customers = recent.groupby("item_id")["who"].nunique()
    kind = {28: "popular", 7: "trending"}[days]
    reasons = shown(toy_bundle, Query(kind), kind)
    assert len(reasons) > 5
    for item, reason in reasons.items():
        true = int(customers.get(item, 0))
        assert reason.get("support", 0) == (true if true >= 5 else 0)
        assert numbers(reason["text"]) == ([true, days] if true >= 5 else [days] if days == 7 else [])
    assert any("support" in reason for reason in reasons.values())
    assert any("support" not in reason for reason in reasons.values())


def test_popular_in_category(toy_bundle: Bundle, toy_shop: ToyShop, ask: Ask) -> None:
    shop_wide = shown(toy_bundle, Query("popular"), "popular")
    category = toy_shop.catalogue.set_index("item_id")["category"]
    slate = ask("also-bought", item_ids=("new and unsold",)).items
    assert {item["reason"]["type"] for item in slate} == {"popular"}
    found = [
        (anchor, item)
        for anchor in category.index
        for item in ask("also-bought", item_ids=(anchor,), k=MAX_K).items
        if item["source"] == "popular_in_category"
    ]
    for anchor, item in found:
        assert category[anchor] == category[item["item_id"]]
        assert item["reason"]["type"] == "popular_in_category"
        assert item["reason"].get("support") == shop_wide[item["item_id"]].get("support")
        assert category[anchor].split(" > ")[-1] in item["reason"]["text"]


def test_ages(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    as_of = pd.Timestamp(str(toy_bundle.manifest.as_of)).tz_localize(None)
    created = toy_shop.catalogue.set_index("item_id")["created_at"].dt.tz_localize(None)
    reasons = shown(toy_bundle, Query("new-arrivals"), "new")
    assert set(reasons) == set(created[as_of - created < pd.Timedelta(days=60)].index)
    assert toy_shop.truths.new_arrival in reasons
    for item, reason in reasons.items():
        assert reason["age_days"] == (as_of - created[item]).days
        assert numbers(reason["text"]) == [reason["age_days"]]


def test_because_of_something_in_the_history(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    events = toy_shop.events
    title = toy_shop.catalogue.set_index("item_id")["title"]
    verbs = set()
    for user in ("007", "null", "u0042", "u0101"):
        own = events[events["user_id"] == user]
        bought = set(own.loc[own["event"] == "purchase", "item_id"])
        for reason in shown(toy_bundle, Query("for-you", user_id=user), "because_of").values():
            assert reason["anchor"] in set(own["item_id"])
            verb = "bought" if "bought" in reason["text"] else "looked at"
            assert reason["text"] == f"Because you {verb} {title[reason['anchor']]}"
            if verb == "bought":
                assert reason["anchor"] in bought
            verbs.add(verb)
    assert verbs == {"bought", "looked at"}


def test_because_of_the_item_that_adds_most_to_the_factors(toy_bundle: Bundle) -> None:
    items = ("TENT", "ESPRESSO")
    history = toy_bundle.items.indices_of(items)
    bundle = blended(toy_bundle, als=1, item_knn=0)
    for item, reason in shown(bundle, Query("for-you", item_ids=items), "because_of").items():
        wanted = toy_bundle.items.indices_of([item])
        equations = toy_bundle.als.normal_equations(history, np.ones(2, np.float32))
        adds = equations.contributions(toy_bundle.als.item_factors[wanted])[0]
        assert reason["anchor"] == items[int(adds.argmax())]
        assert "looked at" in reason["text"]


def test_similar(toy_bundle: Bundle) -> None:
    reasons = shown(toy_bundle, Query("similar-items", item_ids=("TENT",)), "similar")
    assert {(reason["anchor"], reason["text"]) for reason in reasons.values()} == {
        ("TENT", "Liked by the same customers as Two-Person Tent")
    }


def test_every_source_has_its_kind_of_reason(toy_bundle: Bundle) -> None:
    kinds = {
        "co_purchase": {"bought_together"},
        "basket_factors": {"same_baskets"},
        "category_purchase": {"bought_with_category"},
        "popular": {"popular"},
        "popular_in_category": {"popular_in_category"},
        "trending": {"trending"},
        "new_arrivals": {"new"},
    }
    for query in (
        Query("also-bought", item_ids=("TENT",)),
        Query("similar-items", item_ids=("TENT",)),
        Query("cross-sell", item_ids=("TENT", "ESPRESSO")),
        Query("for-you", user_id="u0042"),
        Query("popular"),
        Query("trending"),
        Query("new-arrivals"),
    ):
        own = {"for-you": {"because_of", "popular"}}.get(query.placement, {"similar"})
        for item in recommend(toy_bundle, replace(query, k=MAX_K)).items:
            assert item["reason"]["type"] in kinds.get(item["source"], own)


# --- privacy ---------------------------------------------------------------------------------------------------------


def supports(bundle: Bundle) -> Iterator[int]:
    for number in range(len(bundle.items)):
        for placement in ("also-bought", "similar-items"):
            for item in recommend(bundle, Query(placement, k=40, item_ids=(bundle.items.id_of(number),))).items:
                yield from numbers(item["reason"]["text"].split(" in ")[0]) if "support" in item["reason"] else ()
                yield item["reason"].get("support", 10**9)
    for placement in ("popular", "trending"):
        for item in recommend(bundle, Query(placement, k=MAX_K)).items:
            yield item["reason"].get("support", 10**9)


@pytest.fixture(scope="module")
def toy_dataset(toy_config: Config) -> Dataset:
    return read_dataset(toy_config)[0]


def with_min_support(dataset: Dataset, config: Config, min_support: int) -> Bundle:
    tree = config.model_dump(by_alias=True)
    tree["models"]["co_purchase"]["min_support"] = min_support
    tree["models"]["als"]["epochs"] = 1
    return fit_bundle(dataset, parse_config(tree, folder=config.folder))


@pytest.mark.parametrize("min_support", [1, 12])
def test_no_count_below_min_support_is_shown(toy_dataset: Dataset, toy_config: Config, min_support: int) -> None:
    assert min(supports(with_min_support(toy_dataset, toy_config, min_support))) == min_support


def test_one_customer_is_not_customers(toy_dataset: Dataset, toy_config: Config) -> None:
    bundle = with_min_support(toy_dataset, toy_config, 1)
    texts = [
        item["reason"]["text"]
        for placement in ("popular", "trending")
        for item in recommend(bundle, Query(placement, k=MAX_K)).items
        if item["reason"].get("support") == 1
    ]
    assert texts
    assert all("1 customer " in text for text in texts)


def test_without_purchases_customers_chose(toy_shop: ToyShop, toy_config: Config) -> None:
    views = toy_shop.events[toy_shop.events["event"] == "view"].head(4000)
    bundle = fit_bundle(read_dataset(toy_config, events=views)[0], toy_config)
    assert bundle.manifest.main_event == "view"
    texts = [
        item["reason"]["text"]
        for query in (Query("popular"), Query("also-bought", item_ids=("ESPRESSO",)))
        for item in recommend(bundle, query).items
        if "support" in item["reason"]
    ]
    assert texts
    assert all("chose" in text and "bought" not in text for text in texts)


def test_the_days_count_back_from_the_last_event_not_from_the_last_purchase(
    toy_shop: ToyShop, toy_config: Config
) -> None:
    events = toy_shop.events
    recent = events["timestamp"].max() - events["timestamp"] < pd.Timedelta(days=35)
    bundle = fit_bundle(read_dataset(toy_config, events=events[~recent | (events["event"] == "view")])[0], toy_config)
    for placement in ("popular", "trending"):
        slate = recommend(bundle, Query(placement))
        assert {item["reason"]["text"] for item in slate.items} == {"Popular in the shop"}


def test_as_of_is_the_last_event(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    last = toy_shop.events["timestamp"].max()
    assert datetime.fromisoformat(str(toy_bundle.manifest.as_of)) == last.to_pydatetime()


def test_because_of_the_item_that_is_most_alike(toy_bundle: Bundle) -> None:
    items = ("TENT", "ESPRESSO")
    bundle = blended(toy_bundle, als=0, item_knn=1)
    found = shown(bundle, Query("for-you", item_ids=items), "because_of")
    assert found
    for item, reason in found.items():
        wanted = toy_bundle.items.index_of(item)
        rows = [toy_bundle.item_knn.row(int(anchor)) for anchor in toy_bundle.items.indices_of(items)]
        alike = [float(scores[neighbours == wanted].sum()) for neighbours, scores, _ in rows]
        assert reason["anchor"] == items[int(np.argmax(alike))]


def test_what_goes_with_the_last_order_names_it(toy_bundle: Bundle) -> None:
    slate = recommend(blended(toy_bundle, als=0, co_purchase=1), Query("for-you", item_ids=("TENT",)))
    first = slate.items[0]
    assert (first["item_id"], first["source"], first["reason"]["anchor"]) == ("PEGS", "co_purchase", "TENT")


def test_what_may_be_bought_again_says_so(toy_bundle: Bundle) -> None:
    rules = toy_bundle.config.placements.for_you.model_copy(update={"exclude_owned": False, "exclude_seen": False})
    placements = toy_bundle.config.placements.model_copy(update={"for_you": rules})
    bundle = blended(toy_bundle, als=0, own=1)
    bundle = replace(bundle, config=bundle.config.model_copy(update={"placements": placements}))
    slate = recommend(bundle, Query("for-you", user_id="u0042"))
    history, _, times, _ = toy_bundle.histories.row(toy_bundle.users.index_of("u0042") or 0)
    bought = {toy_bundle.items.id_of(item) for item in history[times > 0].tolist()}
    again = [item for item in slate.items if item["source"] == "own"]
    assert again
    assert {item["item_id"] for item in again} <= bought
    assert {item["reason"]["type"] for item in again} == {"bought_before"}
    assert not {item["item_id"] for item in recommend(toy_bundle, Query("for-you", user_id="u0042")).items} & bought
