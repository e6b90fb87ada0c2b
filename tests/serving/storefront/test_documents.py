"""The examples of docs/storefront: a Flask shop that renders on its server, and a page of plain HTML."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

FOLDER = Path(__file__).parents[3] / "docs" / "storefront"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the Flask shop."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("flask_shop")


def test_a_shop_renders_on_its_server(
    shop: Site, example: Any, run_site: Callable[[Any], Site], open_address: Callable[..., Any], tools: Any
) -> None:
    example.API, example.SECONDS = shop.url, 5
    flask_shop = run_site(example.app)
    page = open_address(f"{flask_shop.url}/product?item_id=TENT")
    tools.settled(page)
    page.wait_for_timeout(200)
    assert [one for one in shop.asked if "/v1/" in one] == ["GET /v1/also-bought"]
    assert page.locator("article").count() == 6
    assert page.locator("article").first.is_visible()
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []

    example.API = "http://127.0.0.1:9"
    assert 'item-url="/product?item_id={item_id}"' in example.app.test_client().get("/product?item_id=TENT").text


def test_what_the_page_says_to_paste_works_as_it_stands(
    shop: Site, open_address: Callable[..., Any], tools: Any
) -> None:
    text = (FOLDER.parent / "storefront.md").read_text()
    first, page_of_several = re.findall(r"^```html\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0:3:2]
    for paste, n in ((first, 1), (first.partition("<also-bought ")[0] + page_of_several, 3)):
        shop.pages["/page"] = (paste.replace("http://127.0.0.1:8000", shop.url), "")
        page = open_address(f"{shop.url}/page", prepare=tools.tall)
        page.locator("also-bought[data-state=filled]").nth(n - 1).wait_for()
        assert tools.shift(page) == 0
        assert all(tools.titles(one) for one in page.locator("also-bought").all())


def test_a_page_of_plain_html(
    shop: Site, run_site: Callable[[Any], Site], open_address: Callable[..., Any], tools: Any
) -> None:
    html = (FOLDER / "plain.html").read_text().replace("http://127.0.0.1:8000", shop.url)
    shop.pages["/page"] = (html, "")
    shop.pages["/static/shop.css"] = ((FOLDER / "static" / "shop.css").read_text(), "")
    page = open_address(f"{shop.url}/page")
    element = tools.settled(page)
    assert tools.titles(element)
    assert not page.get_by_text("all tents").is_visible()
