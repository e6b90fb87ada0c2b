from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from recommender.toy_shop import ToyShop, make_toy_shop, write_toy_shop

AWKWARD_ITEMS = {"007", "NA", "null", "a/b", "☕"}


@pytest.fixture(scope="module")
def purchases(toy_shop: ToyShop) -> pd.DataFrame:
    return toy_shop.events[toy_shop.events["event"] == "purchase"]


@pytest.fixture(scope="module")
def orders_of(purchases: pd.DataFrame) -> dict[str, set[str]]:
    return {str(item): set(orders) for item, orders in purchases.groupby("item_id")["order_id"]}


def test_same_seed_same_frames() -> None:
    one, two, other = make_toy_shop(3), make_toy_shop(3), make_toy_shop(4)
    pd.testing.assert_frame_equal(one.events, two.events)
    pd.testing.assert_frame_equal(one.catalogue, two.catalogue)
    assert one.truths == two.truths
    assert not one.events.equals(other.events)


def test_is_quick() -> None:
    started = time.process_time()
    make_toy_shop(1)
    assert time.process_time() - started < 1


def test_size_and_time_range(toy_shop: ToyShop) -> None:
    assert 100 <= len(toy_shop.catalogue) <= 140
    assert toy_shop.catalogue["item_id"].is_unique
    assert toy_shop.events["user_id"].nunique() == 300
    times = toy_shop.events["timestamp"]
    assert times.is_monotonic_increasing
    assert times.iloc[0] >= pd.Timestamp("2026-01-01", tz="UTC")
    assert times.iloc[-1].date() == pd.Timestamp("2026-06-30").date()
    assert not toy_shop.events.duplicated().any()


def test_sizes_can_be_chosen() -> None:
    events = make_toy_shop(0, n_users=40, n_days=30).events
    assert events["user_id"].nunique() <= 40
    assert events["timestamp"].min() >= pd.Timestamp("2026-06-01", tz="UTC")


def test_awkward_ids_are_used(toy_shop: ToyShop) -> None:
    assert set(toy_shop.events["item_id"]) >= AWKWARD_ITEMS
    assert set(toy_shop.events["user_id"].dropna()) >= {"007", "null", "NA", "anna/b", "🦊"}
    assert set(toy_shop.events["item_id"]) <= set(toy_shop.catalogue["item_id"])


@pytest.mark.parametrize("seed", range(3))
def test_bundles_share_orders_far_above_chance(seed: int) -> None:
    shop = make_toy_shop(seed)
    bought = shop.events[shop.events["event"] == "purchase"]
    orders = {item: set(ids) for item, ids in bought.groupby("item_id")["order_id"]}
    n_orders = bought["order_id"].nunique()
    for item, accessory in shop.truths.bundles:
        both = len(orders[item] & orders[accessory])
        lift = both * n_orders / (len(orders[item]) * len(orders[accessory]))
        assert both >= 5, (item, accessory)
        assert lift > 8, (item, accessory)


def test_tiers_are_one_need_at_rising_prices(toy_shop: ToyShop) -> None:
    items = toy_shop.catalogue.set_index("item_id")
    for tier in toy_shop.truths.tiers:
        assert items.loc[list(tier), "category"].nunique() == 1
        prices = items.loc[list(tier), "price"].tolist()
        assert all(low < high for low, high in pairwise(prices))


def test_dearer_tiers_are_looked_at_together(toy_shop: ToyShop) -> None:
    views = toy_shop.events[toy_shop.events["event"] == "view"]
    sessions = {item: set(ids) for item, ids in views.groupby("item_id")["session_id"]}
    for low, high, _ in toy_shop.truths.tiers:
        assert len(sessions[low] & sessions[high]) > 0.5 * len(sessions[low])


def test_repeats_come_at_their_gap(toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    gaps_days = purchases.groupby(["item_id", "user_id"])["timestamp"].diff().dt.total_seconds() / 86_400
    for item, gap_days in toy_shop.truths.repeat_gap_days.items():
        of_item = gaps_days[purchases["item_id"] == item].dropna()
        assert len(of_item) >= 30
        assert of_item.between(gap_days - 2, gap_days + 2).all()


def test_only_repeats_are_bought_twice_by_a_user(toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    durable = purchases[~purchases["item_id"].isin([*toy_shop.truths.repeat_gap_days, toy_shop.truths.new_arrival])]
    assert not durable.dropna(subset="user_id").duplicated(["user_id", "item_id"]).any()


def test_new_arrival_is_new_and_rising(toy_shop: ToyShop) -> None:
    item = toy_shop.truths.new_arrival
    created = toy_shop.catalogue.set_index("item_id")["created_at"]
    assert created.idxmax() == item
    assert (created.drop(item) < toy_shop.events["timestamp"].min()).all()
    seen = toy_shop.events.loc[toy_shop.events["item_id"] == item, "timestamp"]
    middle = created[item] + pd.Timedelta(days=7)
    assert (seen >= created[item]).all()
    assert 20 <= len(seen) <= 120
    assert (seen >= middle).sum() > 1.5 * (seen < middle).sum()


def test_out_of_stock_items_once_sold(toy_shop: ToyShop, purchases: pd.DataFrame) -> None:
    items = toy_shop.catalogue.set_index("item_id")
    assert tuple(items.index[~items["in_stock"]].sort_values()) == tuple(sorted(toy_shop.truths.out_of_stock))
    assert set(purchases["item_id"]) >= set(toy_shop.truths.out_of_stock)


def test_groups_are_variants_of_one_product(toy_shop: ToyShop) -> None:
    items = toy_shop.catalogue.set_index("item_id")
    assert toy_shop.truths.groups
    for group, variants in toy_shop.truths.groups.items():
        assert len(variants) >= 2
        assert (items.loc[list(variants), "group_id"] == group).all()
        assert items.loc[list(variants), "title"].str.split(", ").str[0].nunique() == 1


def test_users_keep_to_their_taste(toy_shop: ToyShop) -> None:
    taste_of_item = toy_shop.catalogue.set_index("item_id")["category"].str.split(" > ").str[0]
    assert set(toy_shop.truths.clusters) == set(taste_of_item)
    known = toy_shop.events.dropna(subset="user_id")
    for taste, users in toy_shop.truths.clusters.items():
        seen = taste_of_item[known.loc[known["user_id"].isin(users), "item_id"]]
        assert (seen == taste).mean() > 0.8


def test_sessions_lead_from_view_to_purchase(toy_shop: ToyShop) -> None:
    events = toy_shop.events.dropna(subset="session_id").drop_duplicates(["session_id", "event"])
    first = events.pivot(index="session_id", columns="event", values="timestamp").dropna(subset="purchase")
    assert len(first) > 1000
    assert (first["view"] <= first["purchase"]).all()
    assert (first["add_to_cart"] <= first["purchase"]).all()


def test_guests_anonymous_sessions_and_returns(toy_shop: ToyShop) -> None:
    events = toy_shop.events
    nobody = events["user_id"].isna()
    guests = events[nobody & events["session_id"].isna()]
    assert guests["order_id"].nunique() > 50
    assert set(guests["event"]) == {"purchase"}
    assert events.loc[nobody, "session_id"].nunique() > 100
    returns = events[events["event"] == "return"]
    assert 20 <= len(returns) <= 120
    bought = events[events["event"] == "purchase"]
    pairs = returns.merge(bought, on=["user_id", "item_id", "order_id"], suffixes=("", "_bought"))
    assert len(pairs) == len(returns)
    assert (pairs["timestamp_bought"] < pairs["timestamp"]).all()


def test_csv_holds_the_frames(tmp_path: Path, toy_shop: ToyShop) -> None:
    write_toy_shop(tmp_path / "shop")
    events = pd.read_csv(tmp_path / "shop" / "events.csv", dtype="str", keep_default_na=False)
    items = pd.read_csv(tmp_path / "shop" / "items.csv", dtype="str", keep_default_na=False)
    assert events["item_id"].tolist() == toy_shop.events["item_id"].tolist()
    assert events["user_id"].tolist() == toy_shop.events["user_id"].fillna("").tolist()
    assert events["timestamp"].str.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    assert items["title"].tolist() == toy_shop.catalogue["title"].tolist()
    assert set(items["in_stock"]) == {"True", "False"}
