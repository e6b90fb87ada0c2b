"""up-sell, buy-again and ownership: planted truths, true reasons, and a shop of two hundred orders."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.config import parse_config
from recommender.dataset import Recent, RecentEvent
from recommender.errors import ConfigError
from recommender.ingest import read_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, recommend
from recommender.placements.reasons import wilson_interval
from recommender.toy_shop import ToyShop, make_toy_shop

SECTIONS = {"models": {"als": {"factors": 8, "epochs": 2}}}


@pytest.fixture(scope="module")
def purchases(toy_shop: ToyShop) -> pd.DataFrame:
    """What known users bought and kept, one row a day."""
    events = toy_shop.events[toy_shop.events["user_id"].notna()]
    bought = events[events["event"] == "purchase"]
    back = events[events["event"] == "return"].groupby(["user_id", "item_id"])["quantity"].sum()
    kept = bought.groupby(["user_id", "item_id"])["quantity"].sum().sub(back, fill_value=0)
    bought = bought[bought[["user_id", "item_id"]].apply(tuple, axis=1).isin(set(kept[kept > 0].index))]
    return bought.assign(day=bought["timestamp"].dt.floor("D")).drop_duplicates(["user_id", "item_id", "day"])


def fitted(shop: ToyShop, events: pd.DataFrame | None = None, **sections: object) -> Bundle:
    config = parse_config({**SECTIONS, **sections})
    dataset, _ = read_dataset(config, events=shop.events if events is None else events, catalogue=shop.catalogue)
    return fit_bundle(dataset, config)


# --- up-sell ---------------------------------------------------------------------------------------------------------


def test_the_next_tier_is_found(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    price = toy_shop.catalogue.set_index("item_id")["price"]
    steps = [pair for tier in toy_shop.truths.tiers for pair in pairwise(tier)]
    within = [(low, high) for low, high in steps if 1.05 <= price[high] / price[low] <= 2]
    assert len(within) >= 4
    for low, high in within:
        first = recommend(toy_bundle, Query("up-sell", item_ids=(low,))).items[0]
        assert (first["item_id"], first["source"]) == (high, "trade_up")


def test_never_a_down_sell_whoever_asks(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    price = toy_shop.catalogue.set_index("item_id")["price"]
    for number, item in enumerate(price.index):
        for user in (None, f"u{number + 5:04d}"):
            slate = recommend(toy_bundle, Query("up-sell", 40, item_ids=(item,), user_id=user))
            assert all(shown["price"] > price[item] for shown in slate.items)
            assert not {shown["item_id"] for shown in slate.items} & set(toy_shop.truths.out_of_stock)


def test_reasons_of_a_step_up_are_true(toy_bundle: Bundle, toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    rows = toy_shop.catalogue.set_index("item_id")
    first = purchases.groupby(["item_id", "user_id"])["day"].min()
    told = 0
    for anchor in rows.index:
        for item in recommend(toy_bundle, Query("up-sell", item_ids=(anchor,))).items:
            if item["source"] != "trade_up":
                continue
            reason, gain = item["reason"], rows.loc[item["item_id"], "price"] - rows.loc[anchor, "price"]
            assert reason["price_gain"] == pytest.approx(gain, abs=0.005)
            assert f"{gain:,.2f} more" in reason["text"]
            assert rows.loc[anchor, "title"] in reason["text"]
            before, after = (first.get(name, pd.Series(dtype="object")) for name in (anchor, item["item_id"]))
            both = pd.concat([before, after], axis=1, keys=["before", "after"], join="inner")
            stepped = int((both["after"] > both["before"]).sum())
            assert ("support" in reason) == (stepped >= 5)
            if "support" in reason:
                told += 1
                assert (reason["support"], reason["of"]) == (stepped, len(before))
                assert reason["low"] < stepped / len(before) < reason["high"]
    assert told


def test_what_a_household_has_of_the_kind_decides_which_step_up_it_sees() -> None:
    names = {"A": 10.0, "B": 15.0, "C": 15.0, "OATS": 10.0}
    catalogue = pd.DataFrame(
        [(name, f"Muesli {name}", "Muesli", price) for name, price in names.items()],
        columns=["item_id", "title", "category", "price"],
    )
    baskets = [("A", "B")] * 30 + [("OATS", "C")] * 30 + [("OATS",)]
    rows = [
        (f"u{user}", item, f"o{user}", "purchase", pd.Timestamp("2026-01-01", tz="UTC"))
        for user, basket in enumerate(baskets)
        for item in basket
    ]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "order_id", "event", "timestamp"])
    config = parse_config(SECTIONS)
    bundle = fit_bundle(read_dataset(config, events=events, catalogue=catalogue)[0], config)
    asked = {
        user: [item["item_id"] for item in recommend(bundle, Query("up-sell", item_ids=("A",), user_id=user)).items]
        for user in (None, "u60")
    }
    assert asked == {None: ["B", "C"], "u60": ["C", "B"]}


def test_without_a_category_nothing_unlike_is_shown(toy_shop: ToyShop) -> None:
    bundle = fitted(ToyShop(toy_shop.events, toy_shop.catalogue.drop(columns="category"), toy_shop.truths))
    shown = 0
    for anchor in bundle.items.ids_of(range(len(bundle.items))):
        slate = recommend(bundle, Query("up-sell", 10, item_ids=(anchor,)))
        shown += len(slate.items)
        assert {item["source"] for item in slate.items} <= {"trade_up"}
        assert slate.shortfall == 10 - len(slate.items)
    assert shown


def test_a_larger_package_is_named(toy_bundle: Bundle) -> None:
    first = recommend(toy_bundle, Query("up-sell", item_ids=("BEANS-DC",))).items[0]
    assert first["item_id"] == "BEANS-HB"
    assert first["reason"]["text"] == "A step up from Decaf Coffee Beans, 500 g: 1 kg for 6.40 more"


def test_the_interval_is_wilsons() -> None:
    low, high = wilson_interval(10, 100)
    assert (round(low, 4), round(high, 4)) == (
        0.0552,
        0.1744,
    )  # Newcombe, Statistics in Medicine 17, 1998, his method 3
    assert wilson_interval(0, 10)[0] == 0


# --- buy-again -------------------------------------------------------------------------------------------------------


def test_consumables_are_learnt(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    learnt = set(toy_bundle.items.ids_of(np.flatnonzero(toy_bundle.cycles.consumable).tolist()))
    assert learnt == set(toy_shop.truths.repeat_gap_days)


def test_what_is_due_is_offered_and_what_was_just_bought_is_not(
    toy_bundle: Bundle, toy_shop: ToyShop, purchases: pd.DataFrame
) -> None:
    now = toy_shop.events["timestamp"].max()
    horizon = toy_bundle.config.models.repurchase.horizon_days
    offered, held_back = 0, 0
    for item, gap_days in toy_shop.truths.repeat_gap_days.items():
        for user, last in purchases[purchases["item_id"] == item].groupby("user_id")["timestamp"].max().items():
            shown = {row["item_id"] for row in recommend(toy_bundle, Query("buy-again", 3, user_id=str(user))).items}
            days_left = gap_days - (now - last).days
            if days_left > horizon + 5:
                held_back += 1
                assert item not in shown
            if days_left < horizon - 5:
                offered += 1
                assert item in shown
    assert offered > 10
    assert held_back > 10


def test_reasons_of_buy_again_are_true(toy_bundle: Bundle, purchases: pd.DataFrame) -> None:
    histories = purchases.groupby(["user_id", "item_id"])["timestamp"]
    told = 0
    for user in purchases["user_id"].unique():
        for item in recommend(toy_bundle, Query("buy-again", user_id=user)).items:
            if item["source"] == "popular":
                continue
            times, reason = histories.get_group((user, item["item_id"])).sort_values(), item["reason"]
            assert reason["times"] == len(times)
            assert datetime.fromisoformat(reason["last"]) == times.iloc[-1]
            assert datetime.fromisoformat(reason["due"]) > times.iloc[-1]
            if len(times) >= 3:
                told += 1
                gap_days = (times.iloc[-1] - times.iloc[0]).total_seconds() / 86_400 / (len(times) - 1)
                assert reason["gap_days"] == pytest.approx(gap_days, abs=0.051)
                assert reason["text"] == f"You usually buy this every {round(gap_days / 7)} weeks"
    assert told > 10


def test_who_has_nothing_due_gets_best_sellers_and_is_told_so(toy_bundle: Bundle) -> None:
    slate = recommend(toy_bundle, Query("buy-again", user_id="nobody we know"))
    assert {item["source"] for item in slate.items} == {"popular"}
    assert slate.fallback is not None
    assert slate.fallback["type"] == "unknown_user"


# --- ownership -------------------------------------------------------------------------------------------------------


def facts(shop: ToyShop, *rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return the events of a shop and facts of ownership of its last day but one."""
    when = shop.events["timestamp"].max() - pd.Timedelta(days=1)
    more = pd.DataFrame([(*row, when) for row in rows], columns=["user_id", "item_id", "event", "timestamp"])
    return pd.concat([shop.events, more], ignore_index=True)


def test_what_is_owned_from_elsewhere_hides_and_trains_nothing(toy_shop: ToyShop) -> None:
    told = [("u0042", "TENT", "import"), ("u0042", "CAMERA", "self_report"), ("u0042", "PEN", "gift")]
    plain, owning = fitted(toy_shop), fitted(toy_shop, facts(toy_shop, *told, ("u0042", "PEN", "return")))
    for name, array in (("als", "item_factors"), ("co_purchase", "scores"), ("popular", "scores")):
        np.testing.assert_array_equal(getattr(getattr(plain, name), array), getattr(getattr(owning, name), array))
    before, after = (recommend(one, Query("popular", 100, user_id="u0042")) for one in (plain, owning))
    gone = {item["item_id"] for item in before.items} - {item["item_id"] for item in after.items}
    assert gone == {"TENT", "CAMERA"}
    assert after.dropped["owned"] == before.dropped["owned"] + 2


def test_the_policy_of_a_category_overrules_what_was_learnt(toy_shop: ToyShop) -> None:
    told = facts(toy_shop, ("u0042", "TENT", "import"), ("u0042", "CAMERA", "import"), ("u0042", "PRINTER", "import"))
    policy = {"Outdoor > Camping": "consumable", "Office": 0.5, "Office > Printing": "durable"}
    bundle = fitted(toy_shop, told, ownership={"categories": policy})
    shown = {item["item_id"] for item in recommend(bundle, Query("popular", 100, user_id="u0042")).items}
    assert "CAMERA" in shown  # half a day is over
    assert "PRINTER" not in shown
    place = bundle.ownership.row(bundle.users.index_of("u0042") or 0)
    tent = bundle.ownership.items[place] == bundle.items.index_of("TENT")
    assert bundle.ownership.hidden_until[place][tent] < bundle.as_of_seconds + 90 * 86_400
    with pytest.raises(ConfigError, match="'Nowhere': the catalogue has no such category"):
        fitted(toy_shop, ownership={"categories": {"Nowhere": "durable"}})


def test_a_fact_of_the_event_log_counts_at_once(toy_bundle: Bundle) -> None:
    now = toy_bundle.as_of_seconds or 0
    query = Query("popular", 100, user_id="nobody we know")
    gift = RecentEvent(item_id="TENT", event="gift", time=now + 60, quantity=1)
    slate = recommend(toy_bundle, query, Recent(events=(gift,), user_active=True))
    assert "TENT" not in {item["item_id"] for item in slate.items}
    assert slate.dropped["owned"] == 1


# --- a small shop ----------------------------------------------------------------------------------------------------


def test_a_shop_of_two_hundred_orders_and_eighty_products() -> None:
    shop = make_toy_shop(seed=3, n_users=60)
    orders = shop.events.loc[shop.events["event"] == "purchase", "order_id"].drop_duplicates().iloc[-200:]
    events = shop.events[shop.events["order_id"].isin(orders)]
    sold = events["item_id"].value_counts().index[:80]
    events = events[events["item_id"].isin(sold)]
    catalogue = shop.catalogue[shop.catalogue["item_id"].isin(sold)]
    bundle = fitted(ToyShop(events, catalogue, shop.truths))
    price = catalogue.set_index("item_id")["price"]
    for item in price.nsmallest(40).index:
        slate = recommend(bundle, Query("up-sell", 5, item_ids=(item,)))
        assert len(slate.items) == 5
        assert all(shown["price"] > price[item] for shown in slate.items)
    for user in events["user_id"].dropna().unique():
        slate = recommend(bundle, Query("buy-again", 10, user_id=user))
        assert len(slate.items) == 10
        own = [item for item in slate.items if item["source"] == "repurchase"]
        bought = set(events.loc[events["user_id"] == user, "item_id"])
        assert {item["item_id"] for item in own} <= bought
