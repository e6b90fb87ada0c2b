"""The pages of the demo shop, read as HTML, and what they read from a bundle. storefront/ walks through them."""

from __future__ import annotations

import dataclasses
import xml.dom.minidom
from html import unescape

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.config import Data
from recommender.dataset import Catalogue
from serving.app import create_app
from serving.demo.pictures import picture, shape_of, shapes
from serving.demo.shop import PAGE_SIZE, Shop
from serving.live_bundle import FixedBundle


def with_catalogue(bundle: Bundle, table: pa.Table) -> Bundle:
    return dataclasses.replace(bundle, catalogue=Catalogue(table))


def with_column(bundle: Bundle, name: str, text: str) -> FlaskClient:
    table = bundle.catalogue.table
    column = pa.array([text] * len(table), type=pa.string()).cast(table[name].type)
    table = table.set_column(table.schema.get_field_index(name), name, column)
    return create_app(FixedBundle(with_catalogue(bundle, table))).test_client()


def test_home_greets_and_shows_what_it_can_to_whom(client: FlaskClient, toy_bundle: Bundle) -> None:
    page = client.get("/demo/").text
    assert "<h1>Welcome</h1>" in page
    assert 'session-id="' in page
    for name in ("for-you", "trending", "new-arrivals"):
        assert f'placement="{name}"' in page
    assert "buy-again" not in page
    user_id = toy_bundle.users.id_of(2)
    client.post("/demo/customer", data={"user_id": user_id})
    page = unescape(client.get("/demo/").text)
    assert f'user-id="{user_id}"' in page
    assert 'placement="buy-again"' in page
    client.post("/demo/customer", data={"user_id": "stranger"})
    assert "Welcome back, stranger" in client.get("/demo/").text
    client.post("/demo/customer", data={"user_id": ""})
    assert "<h1>Welcome</h1>" in client.get("/demo/").text


def test_a_new_visitor_is_another_session_each_time(client: FlaskClient) -> None:
    def session() -> str:
        return client.get("/demo/").text.partition('session-id="')[2].partition('"')[0]

    first = session()
    assert session() == first
    assert len(first) == 22
    client.post("/demo/customer", data={"user_id": ""})
    assert session() != first


@pytest.mark.parametrize("user_id", ["007", "anna/b", "🦊", 'a"b;c,=\\', "<b>"])
def test_customers_of_any_id(client: FlaskClient, user_id: str) -> None:
    client.post("/demo/customer", data={"user_id": user_id})
    page = client.get("/demo/").text
    assert f'user-id="{user_id}"' in unescape(page)
    assert "<b>" not in page.partition("<main")[2].partition("</main>")[0]


def test_a_damaged_cookie_is_a_new_visitor(client: FlaskClient) -> None:
    client.set_cookie("demo_customer", "x" * 300, path="/demo/")
    client.set_cookie("demo_session", "", path="/demo/")
    assert "<h1>Welcome</h1>" in client.get("/demo/").text


def test_a_product_says_what_it_is(client: FlaskClient) -> None:
    page = unescape(client.get("/demo/product?item_id=a%2Fb").text)
    for text in ("Milk Frother", "39.00", "Coffee > Accessories", "Bialto", "a/b", 'item-id="a/b"'):
        assert text in page


def test_prices_have_the_currency_of_the_catalogue(toy_bundle: Bundle) -> None:
    config = toy_bundle.config.model_copy(update={"data": Data(currency="EUR")})
    client = create_app(FixedBundle(dataclasses.replace(toy_bundle, config=config))).test_client()
    page = client.get("/demo/product?item_id=a%2Fb").text
    assert "€39.00" in page
    assert 'currency="EUR"' in page


def test_customers_to_shop_as_like_what_others_do_not(toy_bundle: Bundle) -> None:
    customers = Shop(toy_bundle).customers(5)
    assert len({one.user_id for one in customers}) == len({one.name for one in customers}) == 5
    sizes = [one.n_items for one in customers]
    assert min(sizes) >= 5
    assert all(one.favourite for one in customers)
    assert len({one.favourite for one in customers}) > 1


def test_the_tree_of_categories_counts_what_browsing_shows(toy_bundle: Bundle) -> None:
    shop = Shop(toy_bundle)
    tops = shop.children(None)
    assert {category.name for category in tops} >= {"Coffee", "Outdoor"}
    assert [one.n_items for one in tops] == sorted((one.n_items for one in tops), reverse=True)
    assert sum(category.n_items for category in tops) == shop.browse(None, 1).n_items
    cups = next(category for category in shop.children("Coffee") if category.name == "Cups")
    assert cups.path == "Coffee > Cups"
    assert shop.browse(cups.path, 1).n_items == cups.n_items
    assert {category.name for category in shop.children(cups.path)} == {"Porcelain", "Glass"}


def test_pages_hold_every_product_once(toy_bundle: Bundle) -> None:
    shop = Shop(toy_bundle)
    first = shop.browse(None, 1)
    pages = [shop.browse(None, number) for number in range(1, first.n_pages + 1)]
    shown = [product.item_id for page in pages for product in page.products]
    assert len(shown) == len(set(shown)) == first.n_items
    assert len(first.products) == PAGE_SIZE
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
    assert {product.item_id for product in Shop(toy_bundle).search(words, 1).products} == found


def test_lists_show_best_sellers_first(toy_bundle: Bundle) -> None:
    shop = Shop(toy_bundle)
    for page in (shop.search("e", 1), shop.browse("Outdoor", 1)):
        found = [toy_bundle.items.index_of(product.item_id) for product in page.products]
        scores = [float(toy_bundle.popular.scores[item]) for item in found if item is not None]
        assert len(scores) > 10
        assert scores == sorted(scores, reverse=True)


def test_an_empty_search_browses(client: FlaskClient) -> None:
    assert client.get("/demo/search?q=").headers["Location"] == "/demo/browse"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("product?item_id=none", 404),
        ("nosuch", 404),
        ("nosuch/page", 404),
        ("product", 400),
        ("browse?page=0", 400),
        ("search?q=%FF", 400),
        ("?x=1", 400),
        ("basket?x=1", 400),
    ],
)
def test_errors_are_pages_too(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(f"/demo/{path}")
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert "Back to the shop" in response.text
    assert ("<h1>Page not found</h1>" in response.text) == (status == 404)


def test_everything_is_escaped(toy_bundle: Bundle) -> None:
    attack = "<script>alert(1)</script>\"'"
    client = with_column(toy_bundle, "title", attack)
    client.post("/demo/customer", data={"user_id": attack})
    pages = [
        client.get("/demo/"),
        client.get("/demo/search", query_string={"q": attack}),
        client.get("/demo/product", query_string={"item_id": "007"}),
        client.get("/demo/product", query_string={"item_id": attack}),
        client.get("/demo/browse", query_string={"category": attack}),
        with_column(toy_bundle, "category", attack).get("/demo/"),
    ]
    for page in pages:
        assert "<script>" not in page.text
        assert "alert(1)" in page.text


def test_a_catalogue_of_ids_alone_is_a_shop(toy_bundle: Bundle) -> None:
    bare = with_catalogue(toy_bundle, toy_bundle.catalogue.table.select(["listed"]))
    client = create_app(FixedBundle(bare)).test_client()
    assert "GRIND-1" in client.get("/demo/search?q=grind").text
    assert "KETTLE-G" in client.get("/demo/product?item_id=KETTLE-G").text
    assert "Departments" not in client.get("/demo/").text
    assert client.get("/demo/browse").status_code == 200
    assert "No products found" in client.get("/demo/browse?category=Coffee").text
    assert client.get("/demo/picture.svg?item_id=KETTLE-G").status_code == 200


def test_pictures_follow_from_the_product_and_say_nothing_of_it(client: FlaskClient) -> None:
    one = client.get("/demo/picture.svg?item_id=a%2Fb")
    assert one.mimetype == "image/svg+xml"
    assert "max-age" in one.headers["Cache-Control"]
    assert client.get("/demo/picture.svg?item_id=a%2Fb").data == one.data
    assert client.get("/demo/picture.svg?item_id=TENT").data != one.data
    assert client.get("/demo/picture.svg?item_id=no+such").status_code == 200
    attack = '"><script>'
    assert attack not in picture(attack, attack, attack)


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.name)
def test_every_shape_can_be_drawn(shape: object) -> None:
    category = shape.words.pattern.partition("(")[2].split("|")[0].replace("\\", "") if shape.words else "?"  # type: ignore[attr-defined]
    text = picture("SKU", f"Anything > {category}")
    document = xml.dom.minidom.parseString(text)
    assert document.documentElement.tagName == "svg"
    assert "{" not in text
    assert shape_of(f"Anything > {category}") == shape


def test_the_deepest_category_decides() -> None:
    assert shape_of("Bakery > Cheese").name == "cheese"
    assert shape_of("Meat > Bread").name == "loaf"
    assert shape_of("Beef > Nothing known").name == "meat"
    assert shape_of("").name == "box"
