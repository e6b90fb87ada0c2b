"""also-bought and cross-sell: whole slates in a small shop, complements and substitutes, the basket as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.errors import QueryError
from recommender.ingest import read_dataset
from recommender.models import PAIR
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, explain, recommend
from recommender.toy_shop import ToyShop, make_toy_shop

if TYPE_CHECKING:
    from tests.placements.conftest import Ask


def bought_in(shop: ToyShop, category: str, ratio: float, bundle: Bundle) -> Bundle:
    """Return the bundle with the ratio of one category as if its customers bought so."""
    ratios = bundle.pair_facts.category_ratio.copy()
    ratios[bundle.catalogue.categories.index(category)] = ratio
    return replace(bundle, pair_facts=replace(bundle.pair_facts, category_ratio=ratios))


def ids(bundle: Bundle, **asked: object) -> list[str]:
    return [item["item_id"] for item in recommend(bundle, Query("cross-sell", **asked)).items]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def small_bundle(toy_config: Config) -> Bundle:
    """A shop of 80 products and 200 orders."""
    shop = make_toy_shop(seed=3, n_users=60, n_days=90)
    catalogue = shop.catalogue.iloc[:80]
    events = shop.events[shop.events["item_id"].isin(catalogue["item_id"])]
    orders = events["order_id"].dropna().unique()[:200]
    events = events[events["order_id"].isna() | events["order_id"].isin(orders)]
    return fit_bundle(read_dataset(toy_config, events=events, catalogue=catalogue)[0], toy_config)


def test_a_shop_of_200_orders_gets_full_slates_of_its_own_kind(small_bundle: Bundle) -> None:
    items = small_bundle.items.ids_of(np.flatnonzero(small_bundle.catalogue.servable))
    assert len(items) == 80
    same_aisle = []
    for item in items:
        for placement, basket in (("also-bought", (item,)), ("cross-sell", (item, items[7]))):
            slate = recommend(small_bundle, Query(placement, item_ids=basket))
            assert slate.shortfall == 0
            assert not {one["item_id"] for one in slate.items} & set(basket)
            assert all(one["reason"]["text"] for one in slate.items)
            if placement == "also-bought":
                aisles = {
                    one["item_id"]: small_bundle.catalogue.fields(
                        small_bundle.items.index_of(one["item_id"]) or 0, ("category",)
                    )
                    for one in slate.items[:5]
                }
                own = str(
                    small_bundle.catalogue.fields(small_bundle.items.index_of(item) or 0, ("category",))["category"]
                ).split(" > ")[0]
                same_aisle += [str(of["category"]).startswith(own) for of in aisles.values()]
    # customers of a taste buy nine in ten of their things there; by chance it would be one in four
    assert np.mean(same_aisle) > 0.6


def test_planted_pairs_lead_both_placements(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    for item, accessory in toy_shop.truths.bundles:
        if item in toy_shop.truths.out_of_stock or accessory in toy_shop.truths.out_of_stock:
            continue
        assert accessory in [
            one["item_id"] for one in recommend(toy_bundle, Query("also-bought", item_ids=(item,))).items[:3]
        ]
        assert accessory in ids(toy_bundle, item_ids=(item,), complements_only=True)[:3]


def test_neither_the_basket_nor_a_variant_of_it(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    group = toy_shop.catalogue.set_index("item_id")["group_id"]
    basket = ("COAT-M", "TENT", "PEGS")
    for wanted in (None, True, False):
        shown = ids(toy_bundle, item_ids=basket, k=100, complements_only=wanted)
        assert not set(shown) & set(basket)
        assert "COAT" not in set(group[shown])


def test_the_whole_basket_counts(toy_bundle: Bundle) -> None:
    one, other = (recommend(toy_bundle, Query("cross-sell", item_ids=(item,), k=100)) for item in ("TENT", "PRINTER"))
    both = {
        item["item_id"]: item["score"]
        for item in recommend(toy_bundle, Query("cross-sell", item_ids=("TENT", "PRINTER"), k=100)).items
    }
    alone = [{item["item_id"]: item["score"] for item in slate.items} for slate in (one, other)]
    known = set(alone[0]) & set(alone[1]) & set(both)
    basket = toy_bundle.items.indices_of(["TENT", "PRINTER"])
    raw, _ = toy_bundle.co_purchase.summed(basket, np.full(2, 0.5, np.float32))
    own = [item for item in known if raw[toy_bundle.items.index_of(item)] > 0]
    assert len(own) > 20
    for item in own:
        assert both[item] == pytest.approx(min(raw[toy_bundle.items.index_of(item)], 1), abs=1e-4)
    found = explain(toy_bundle, Query("cross-sell", item_ids=("TENT", "PRINTER")), "PEGS")
    assert sum(part["score"] for part in found.contributions) == pytest.approx(found.score)
    assert found.contributions[0]["item_id"] == "TENT"
    assert found.pair is not None
    assert found.pair["statistics"]["lift_low"] > 1


@pytest.mark.parametrize(("ratio", "shown"), [(0.2, False), (3.0, True)])
def test_the_default_follows_what_the_categorys_customers_do(
    toy_bundle: Bundle, toy_shop: ToyShop, ratio: float, shown: bool
) -> None:
    bundle = bought_in(toy_shop, "Office > Writing", ratio, toy_bundle)
    facts = replace(
        bundle.pair_facts,
        together=np.zeros_like(bundle.pair_facts.together),
        ratio=np.full_like(bundle.pair_facts.ratio, 1.0),
    )
    bundle = replace(bundle, pair_facts=facts)
    writing = {"FOUNTAIN", "MARKER"}
    assert bool(writing & set(ids(bundle, item_ids=("PEN",), k=100))) == shown
    assert not writing & set(ids(bundle, item_ids=("PEN",), k=100, complements_only=True))
    assert writing <= set(ids(bundle, item_ids=("PEN",), k=100, complements_only=False))
    if not shown:  # nor two of one kind, where neither stands in the basket
        assert len(({"PEN"} | writing) & set(ids(bundle, item_ids=("LAMP-D",), k=100))) == 1


def test_complements_only_is_no_mere_ban_of_the_category(toy_bundle: Bundle, toy_shop: ToyShop) -> None:
    category = toy_shop.catalogue.set_index("item_id")["category"]
    assert category["PRINTER"] == category["CABLE"]
    assert ids(toy_bundle, item_ids=("PRINTER",), complements_only=True)[0] == "CABLE"
    slate = recommend(toy_bundle, Query("cross-sell", item_ids=("PEN",), k=100, complements_only=True))
    assert slate.dropped["substitute"] > 0


def test_a_pair_bought_apart_is_left_out_whatever_its_category(toy_bundle: Bundle) -> None:
    tent, item = (toy_bundle.items.index_of(name) or 0 for name in ("TENT", "PEGS"))
    window = slice(int(toy_bundle.co_purchase.indptr[tent]), int(toy_bundle.co_purchase.indptr[tent + 1]))
    place = window.start + int(np.flatnonzero(toy_bundle.co_purchase.neighbours[window] == item)[0])
    assert toy_bundle.pair_facts.ground[place] == PAIR
    ratio, together = toy_bundle.pair_facts.ratio.copy(), toy_bundle.pair_facts.together.copy()
    ratio[place], together[place] = 0.3, toy_bundle.co_purchase.support[place]
    at_once = replace(toy_bundle, pair_facts=replace(toy_bundle.pair_facts, ratio=ratio, together=together.copy()))
    together[place] -= 1
    bundle = replace(toy_bundle, pair_facts=replace(toy_bundle.pair_facts, ratio=ratio, together=together))
    assert "PEGS" in ids(toy_bundle, item_ids=("TENT",))
    assert "PEGS" in ids(at_once, item_ids=("TENT",))  # all who have both bought them at once
    assert "PEGS" not in ids(bundle, item_ids=("TENT",), k=100)
    assert "PEGS" in ids(bundle, item_ids=("TENT",), complements_only=False)
    assert explain(bundle, Query("cross-sell", item_ids=("TENT",)), "PEGS").rules == ["substitute"]


def test_what_it_takes(ask: Ask) -> None:
    with pytest.raises(QueryError, match="needs the item_id of each item of the basket"):
        ask("cross-sell")
    with pytest.raises(QueryError, match="for-you takes no complements_only"):
        ask("for-you", complements_only=True)
