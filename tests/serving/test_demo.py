"""The demo shop, read as HTML and walked through in a browser."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pyarrow as pa
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from recommender.bundle import Bundle
from recommender.dataset import Catalogue
from serving.app import create_app
from serving.demo.shop import PAGE_SIZE, Shop
from serving.live_bundle import FixedBundle

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def with_catalogue(bundle: Bundle, table: pa.Table) -> Bundle:
    return dataclasses.replace(bundle, catalogue=Catalogue(table))


def with_titles(bundle: Bundle, title: str) -> FlaskClient:
    table = bundle.catalogue.table
    column = table.schema.get_field_index("title")
    table = table.set_column(column, "title", pa.array([title] * len(table), type=pa.string()))
    return create_app(FixedBundle(with_catalogue(bundle, table))).test_client()


def test_home_shows_the_four_placements(client: FlaskClient, toy_bundle: Bundle) -> None:
    page = client.get("/demo/", query_string={"user_id": toy_bundle.users.id_of(2)}).text
    for name in ("for-you", "popular", "trending", "new-arrivals"):
        assert f'id="{name}"' in page
    assert "Welcome back" in page
    assert "Welcome back" not in client.get("/demo/").text
    assert "not seen this customer" in client.get("/demo/?user_id=stranger").text


def test_a_product_shows_what_it_is_and_why_others_are_shown(client: FlaskClient) -> None:
    page = unescape(client.get("/demo/product?item_id=a%2Fb").text)
    for text in ("Milk Frother", "39.00", "Coffee > Accessories", "Bialto", "a/b"):
        assert text in page
    answer = client.get("/v1/also-bought?item_id=a%2Fb&k=6").json
    for item in answer["items"]:
        assert item["title"] in page
        assert item["reason"]["text"] in page


def test_the_tree_of_categories_counts_what_browsing_shows(toy_bundle: Bundle) -> None:
    shop = Shop(toy_bundle)
    tops = shop.children(None)
    assert {category.name for category in tops} >= {"Coffee", "Outdoor"}
    assert sum(category.n_items for category in tops) == shop.browse(None, 1).n_items
    cups = next(category for category in shop.children("Coffee") if category.name == "Cups")
    assert cups.path == "Coffee > Cups"
    assert shop.browse(cups.path, 1).n_items == cups.n_items
    assert {category.name for category in shop.children(cups.path)} == {"Porcelain", "Glass"}


def test_pages_hold_every_product_once(toy_bundle: Bundle) -> None:
    shop = Shop(toy_bundle)
    first = shop.browse(None, 1)
    pages = [shop.browse(None, number) for number in range(1, first.n_pages + 1)]
    shown = [card.item_id for page in pages for card in page.cards]
    assert len(shown) == len(set(shown)) == first.n_items
    assert len(first.cards) == PAGE_SIZE
    assert shop.browse(None, 10_000).number == first.n_pages


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("HAND grinder", {"GRIND-1"}),
        ("grinder burr", {"GRIND-2", "GRIND-3"}),
        ("no such thing", set()),
        ("(.*", set()),
    ],
)
def test_search_wants_every_word_in_any_case(toy_bundle: Bundle, words: str, found: set[str]) -> None:
    assert {card.item_id for card in Shop(toy_bundle).search(words, 1).cards} == found


def test_search_shows_best_sellers_first(toy_bundle: Bundle) -> None:
    found = [toy_bundle.items.index_of(card.item_id) for card in Shop(toy_bundle).search("e", 1).cards]
    scores = [float(toy_bundle.popular.scores[item]) for item in found if item is not None]
    assert len(scores) == PAGE_SIZE
    assert scores == sorted(scores, reverse=True)


def test_an_empty_search_browses_and_an_empty_customer_is_a_visitor(client: FlaskClient) -> None:
    assert client.get("/demo/search?q=&user_id=U1").headers["Location"] == "/demo/browse?user_id=U1"
    assert client.get("/demo/customer?user_id=").headers["Location"] == "/demo/"
    assert client.get("/demo/customer?user_id=a%26b").headers["Location"] == "/demo/?user_id=a%26b"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("product?item_id=none", 404),
        ("nosuch", 404),
        ("nosuch/page", 404),
        ("product", 400),
        ("browse?page=0", 400),
        ("?user_id=%FF", 400),
        ("?x=1", 400),
    ],
)
def test_errors_are_pages_too(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(f"/demo/{path}")
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert "Back to the shop" in response.text
    assert ("<h1>Page not found</h1>" in response.text) == (status == 404)
    assert "<title>Page not found" in response.text or status != 404


def test_everything_is_escaped(toy_bundle: Bundle) -> None:
    attack = "<script>alert(1)</script>\"'"
    client = with_titles(toy_bundle, attack)
    asked = {"user_id": attack}
    pages = [
        client.get("/demo/", query_string=asked),
        client.get("/demo/search", query_string={"q": attack}),
        client.get("/demo/product", query_string=asked | {"item_id": "007"}),
        client.get("/demo/product", query_string={"item_id": attack}),
        client.get("/demo/browse", query_string={"category": attack}),
    ]
    for page in pages:
        assert "<script" not in page.text
        assert "alert(1)" in page.text


def test_a_catalogue_of_ids_alone_is_a_shop(toy_bundle: Bundle) -> None:
    bare = with_catalogue(toy_bundle, toy_bundle.catalogue.table.select(["listed"]))
    client = create_app(FixedBundle(bare)).test_client()
    assert "GRIND-1" in client.get("/demo/search?q=grind").text
    assert "KETTLE-G" in client.get("/demo/product?item_id=KETTLE-G").text
    assert "Departments" not in client.get("/demo/").text
    assert client.get("/demo/browse").status_code == 200
    assert "No products found" in client.get("/demo/browse?category=Coffee").text


@contextmanager
def served(bundle: Bundle) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(FixedBundle(bundle)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def address(toy_bundle: Bundle) -> Iterator[str]:
    with served(toy_bundle) as found:
        yield found


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
@pytest.mark.parametrize("width", [390, 1500])
def test_facts_and_footer_line_up_with_the_rest(toy_bundle: Bundle, width: int) -> None:
    table = toy_bundle.catalogue.table
    steep = pa.array([" > ".join(["Household and laundry"] * 4)] * len(table)).dictionary_encode()
    column = table.schema.get_field_index("category")
    deep = with_catalogue(toy_bundle, table.set_column(column, "category", steep.cast(table["category"].type)))
    with served(deep) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(f"{address}/demo/product?item_id=GRIND-1")
        facts = [fact.bounding_box() for fact in page.locator(".product dd").all()]
        assert len({fact["x"] for fact in facts if fact}) == 1
        boxes = [page.locator(name).bounding_box() for name in ("footer", ".product")]
        footer, product = ((box["x"], box["width"]) for box in boxes if box)
        assert footer == product
        browser.close()


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
def test_a_customer_walks_from_home_to_a_recommended_product(address: str) -> None:
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/demo/")
        page.get_by_label("Shopping as").or_(page.locator(".pill")).nth(1).click()
        assert "Welcome back" in page.locator("h1").inner_text()
        customer = page.url.partition("?")[2]

        page.locator("#for-you .card").first.click()
        first = page.locator(".product h1").inner_text()
        recommended = page.locator("#also-bought .card").first
        title = recommended.locator(".name").inner_text()
        assert recommended.locator(".reason").inner_text()
        recommended.click()
        assert page.locator(".product h1").inner_text() == title != first
        assert customer in page.url

        page.get_by_label("Search products").fill("grinder")
        page.get_by_label("Search products").press("Enter")
        assert page.locator(".grid .card").count() == 3
        colour = page.locator(".grid .picture").first.evaluate("tile => getComputedStyle(tile).backgroundColor")
        assert colour != "rgba(0, 0, 0, 0)"
        browser.close()
    assert said == []
