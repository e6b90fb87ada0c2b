from __future__ import annotations

from typing import TYPE_CHECKING

from recommender.ingest.connectors.json_ld import items_of

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest


def test_a_page(ingested: Ingest) -> None:
    (row,) = ingested("json-ld", "json-ld/tent.html").items
    assert row == {
        "item_id": "0042",
        "title": "Two-Person Tent",
        "category": "Outdoor > Tents",  # the breadcrumbs in order, without the shop and the product
        "brand": "Fjell",
        "price": 249,
        "in_stock": True,
        "url": "https://shop.example/tent",
        "image_url": "https://cdn.example/tent-1.jpg",
        "gtin": "4006381333931",
    }


def test_groups_and_their_variants(ingested: Ingest) -> None:
    found = ingested("json-ld", "json-ld/catalogue.jsonl")
    assert found.item("SOCK-R-M") == {
        "item_id": "SOCK-R-M",
        "title": "Wool Socks",  # the group's
        "category": "Clothing > Socks",
        "brand": "Tropf",
        "price": 12.5,
        "in_stock": False,
        "group_id": "SOCK",
        "color": "red",
        "size": "M",
    }
    blue = found.item("SOCK-B-L")
    assert (blue["title"], blue["price"], blue["in_stock"]) == ("Wool Socks, blue", 14, True)  # one offer can be bought


def test_other_ways_to_say_it(ingested: Ingest) -> None:
    found = ingested("json-ld", "json-ld/catalogue.jsonl")
    assert found.item("STOVE") == {
        "item_id": "STOVE",
        "title": "Camping Stove",
        "category": "Outdoor > Stoves",
        "price": 34,
        "url": "/stove",
        "image_url": "https://cdn.example/stove.jpg",
    }
    assert found.refused == {"missing_item_id": 1}


def test_a_variant_in_its_group_and_in_the_graph_is_one() -> None:
    variant = {"@type": "Product", "sku": "a"}
    document = {"@graph": [{"@type": "ProductGroup", "productGroupID": "g", "hasVariant": [variant]}]}
    assert [row[0] for row in items_of(document)] == ["a"]


def test_a_slash_parts_steps_only_with_blanks_around_it() -> None:
    paths = [
        next(items_of({"@type": "Product", "category": text}))[2] for text in ("TV/Audio", "TV/Audio / Radios", "A>B")
    ]
    assert paths == ["TV/Audio", "TV/Audio > Radios", "A > B"]


def test_what_is_not_a_product_is_nothing() -> None:
    for document in ({}, [], [1, "a", None], {"@type": "Organization", "sku": "x"}, {"@graph": "no"}, {"@type": None}):
        assert list(items_of(document)) == []
