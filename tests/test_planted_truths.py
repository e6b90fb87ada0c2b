"""What was planted in the toy shop is what the trained engine answers, from data files to slate."""

from __future__ import annotations

from recommender.bundle import Bundle
from recommender.placements import MAX_K, Query, recommend
from recommender.toy_shop import ToyShop


def answers(bundle: Bundle, query: Query) -> list[str]:
    return [item["item_id"] for item in recommend(bundle, query).to_dict()["items"]]


def test_accessories_stand_first(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    for item, accessory in toy_shop.truths.bundles:
        slate = recommend(toy_bundle, Query(placement="also-bought", item_ids=(item,), k=5)).to_dict()
        assert slate["items"][0]["item_id"] == accessory
        assert slate["items"][0]["source"] == "co_purchase"


def test_the_new_arrival_is_new_and_trending(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    for placement in ("new-arrivals", "trending"):
        assert answers(toy_bundle, Query(placement=placement, k=5))[0] == toy_shop.truths.new_arrival


def test_users_are_shown_their_taste(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    taste_of = toy_shop.catalogue.set_index("item_id")["category"].str.split(" > ").str[0]

    def share(placement: str, taste: str) -> float:
        users = toy_shop.truths.clusters[taste]
        shown = [item for user in users for item in answers(toy_bundle, Query(placement=placement, user_id=user, k=5))]
        return float((taste_of[shown] == taste).mean())

    shares = {taste: share("for-you", taste) for taste in toy_shop.truths.clusters}
    assert all(found > share("popular", taste) + 0.2 for taste, found in shares.items()), shares
    assert sum(shares.values()) > 2  # five tastes: twice what chance would give


def test_nothing_out_of_stock_and_one_size_of_each(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    group_of = {item: group for group, items in toy_shop.truths.groups.items() for item in items}
    for query in (Query(placement="popular", k=MAX_K), Query(placement="similar-items", item_ids=("TENT",), k=MAX_K)):
        slate = answers(toy_bundle, query)
        assert len(slate) > 50
        assert not set(slate) & set(toy_shop.truths.out_of_stock)
        groups = [group_of[item] for item in slate if item in group_of]
        assert groups
        assert len(groups) == len(set(groups))
