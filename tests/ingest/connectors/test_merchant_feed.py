from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.errors import DataError
from tests.ingest.connectors.conftest import FIXTURES

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest


def test_rss(ingested: Ingest) -> None:
    found = ingested("merchant-feed", "merchant-feed/feed.xml")
    assert found.item("0042") == {
        "item_id": "0042",
        "title": "Two-Person Tent & Bag",  # Google's element goes before that of RSS
        "category": "Outdoor > Camping > Tents",  # the first product_type
        "brand": "Fjell",
        "price": 249,  # not that of the shipping
        "in_stock": True,
        "url": "https://shop.example/tent",
        "image_url": "https://cdn.example/tent.jpg",
        "google_product_category": "1006",
    }
    sock, stove = found.item("SOCK-R-M"), found.item("STOVE")
    assert (sock["price"], sock["in_stock"], sock["group_id"], sock["color"]) == (12.5, False, "SOCK", "red")
    assert sock["category"] == "Apparel & Accessories > Clothing > Socks"
    assert sock["title"] == "Wool Socks <red>"
    assert (stove["price"], stove["in_stock"]) == (34, True)  # the sale has dates; preorder can be bought
    assert "category" not in stove


def test_atom(ingested: Ingest) -> None:
    (row,) = ingested("merchant-feed", "merchant-feed/atom.xml").items
    assert row == {
        "item_id": "0042",
        "title": "Two-Person Tent",
        "price": 249,
        "in_stock": True,
        "url": "https://shop.example/tent",
    }


def test_tabs_and_names_with_blanks(ingested: Ingest) -> None:
    found = ingested("merchant-feed", "merchant-feed/feed.tsv")
    assert found.item("0042")["image_url"] == "https://cdn.example/tent.jpg"
    assert found.item("SOCK-R-M") == {
        "item_id": "SOCK-R-M",
        "title": "Wool Socks",
        "category": "Outdoor > Clothing",
        "brand": "Tropf",
        "price": 12.5,
        "in_stock": False,
        "url": "https://shop.example/socks",
        "group_id": "SOCK",
    }


def test_compressed_xml_is_the_same(ingested: Ingest) -> None:
    text = (FIXTURES / "merchant-feed" / "feed.xml").read_bytes()
    assert len(ingested("merchant-feed", files={"feed.xml.gz": gzip.compress(text)}).items) == 3


ENTITIES = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><id>&b;</id></item></rss>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<rss><channel><item>\n<g:id", "line 2: is not well-formed XML"),
        (ENTITIES, "line 1: declares entities of its own"),
        ("<rss><channel/></rss>", "no row is an item"),
    ],
)
def test_broken_feeds_are_named_and_nothing_is_written(ingested: Ingest, text: str, says: str) -> None:
    with pytest.raises(DataError, match=rf"feed\.xml: {says}"):
        ingested("merchant-feed", files={"feed.xml": text})


def test_a_bad_price_is_refused_with_the_line_where_its_item_begins(ingested: Ingest) -> None:
    items = "\n".join(
        f"<item><id>{n}</id><price>{price}</price></item>" for n, price in enumerate(("1 EUR", "free", "2"))
    )
    found = ingested("merchant-feed", files={"feed.xml": f"<rss>\n{items}\n</rss>"})
    assert found.refused == {"bad_price": 1}
    refused = Path(found.report.refused_files["catalogue"]).read_text().splitlines()
    assert refused[1].split(",")[1] == "3"
