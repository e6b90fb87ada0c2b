"""The demo shop in a browser: what is done in it moves what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

PAGES = [
    "",
    "browse?category=Coffee",
    "search?q=coffee",
    "search?q=nosuchthing",
    "product?item_id=TENT",
    "basket",
    "thanks",
]
LOADING = """[...document.querySelectorAll('also-bought')].some((one) =>
  !one.hidden && [undefined, 'loading'].includes(one.dataset.state) && one.getBoundingClientRect().top < innerHeight)"""
CLIPPED = """[...document.querySelectorAll('main *, header *')].filter((one) => {
  const { left, right, width } = one.getBoundingClientRect();
  const shown = width && one.checkVisibility() && !one.closest('.chips, also-bought, .skip');
  return shown && (left < -1 || right > innerWidth + 1);
}).map((one) => one.outerHTML.slice(0, 90))"""


def quiet(page: Any) -> None:
    """Wait until the scripts have run and no slate on the screen is under way."""
    page.wait_for_load_state("load")
    for _ in range(50):
        if not page.evaluate(LOADING):
            page.wait_for_timeout(100)
            return
        page.wait_for_timeout(50)
    raise AssertionError("a slate never came")


def for_you(page: Any, tools: Any) -> list[str]:
    quiet(page)
    found: list[str] = tools.titles(page.locator("also-bought[placement=for-you]"))
    return found


@pytest.mark.parametrize(("width", "scheme", "paths"), [(1280, "light", PAGES), (390, "dark", PAGES[::2])])
def test_every_page_is_accessible_calm_and_silent(
    shop: Site, open_address: Callable[..., Any], tools: Any, width: int, scheme: str, paths: list[str]
) -> None:
    page = open_address(f"{shop.url}/demo/", width=width, color_scheme=scheme)
    for path in paths:
        page.goto(f"{shop.url}/demo/{path}")
        quiet(page)
        assert tools.barriers(page) == [], path
        assert tools.shift(page) == 0, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(CLIPPED) == [], path
        assert page.evaluate("violations") == [], path
    page.locator("#why-button").click()
    page.locator(".customers summary").click(force=True)
    assert tools.barriers(page) == []
    assert page.said == []


def test_at_320_pixels_nothing_is_cut_off(shop: Site, open_address: Callable[..., Any], tools: Any) -> None:
    page = open_address(f"{shop.url}/demo/", width=320)
    for path in PAGES:
        page.goto(f"{shop.url}/demo/{path}")
        quiet(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.evaluate(CLIPPED) == [], path
    page.locator(".customers summary").click()
    assert page.evaluate(CLIPPED) == []
    page.locator("#why-button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_the_pages_about_the_server_are_accessible_too(
    shop: Site, open_address: Callable[..., Any], tools: Any, width: int, scheme: str
) -> None:
    page = open_address(f"{shop.url}/", width=width, color_scheme=scheme)
    for path in ("/", "/docs"):
        page.goto(shop.url + path)
        assert tools.barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert page.said == []


def test_looking_at_products_moves_what_a_new_visitor_is_shown(
    shop: Site, open_address: Callable[..., Any], tools: Any
) -> None:
    page = open_address(f"{shop.url}/demo/")
    before = for_you(page, tools)
    for item_id in ("LEASH", "DOGBED", "HARNESS-M"):
        page.goto(f"{shop.url}/demo/product?item_id={item_id}")
        page.locator("#events li", has_text="202").wait_for(state="attached")
    page.goto(f"{shop.url}/demo/")
    after = for_you(page, tools)
    assert after != before
    page.locator("#why-button").click()
    assert page.locator(".moved").count() > 0
    assert re.search("(up|down) [0-9]+|new", page.locator(".moved").first.inner_text())

    page.locator("#why .close").click()
    page.locator(".customers summary").click()
    with page.expect_navigation():
        page.get_by_role("button", name="A new visitor").click()
    assert for_you(page, tools) == before


def test_from_a_slate_through_the_basket_to_an_order(
    shop: Site, open_address: Callable[..., Any], open_log: Any, tools: Any
) -> None:
    page = open_address(f"{shop.url}/demo/product?item_id=TENT")
    quiet(page)
    slate = page.locator("also-bought[placement=also-bought]")
    chosen = slate.locator("li .title").first.inner_text()
    slate.locator("li a").first.click()
    page.locator("h1", has_text=chosen).wait_for()
    quiet(page)
    page.get_by_role("button", name=f"Add to basket: {chosen}").click()
    page.locator("#toast", has_text="In your basket").wait_for()
    page.get_by_role("link", name="Basket").click()
    quiet(page)
    assert page.locator("#lines li").count() == 1
    cross_sell = page.locator("#cross-sell")
    before = tools.titles(cross_sell)
    cross_sell.get_by_role("button", name="Add: ").first.click()
    page.locator("#lines li").nth(1).wait_for()
    page.wait_for_timeout(300)
    assert before[0] not in tools.titles(cross_sell)
    assert page.locator("#count").inner_text() == "2"
    page.get_by_role("button", name=f"One more: {chosen}").click()
    assert page.locator("#count").inner_text() == "3"
    page.get_by_role("button", name=f"Take out: {before[0]}").click()
    assert page.locator("#lines li").count() == 1

    page.get_by_role("link", name="To the checkout").click()
    assert tools.barriers(page) == []
    page.get_by_role("button", name="Place the order").click()
    page.locator("h1", has_text="Thank you").wait_for()
    assert chosen not in for_you(page, tools)
    assert page.locator("#count").is_hidden()
    events = logged(open_log)
    assert [one["event"] for one in events if one["event"] != "impression"] == [
        "view",
        "click",  # and the view that follows is the same event
        "add_to_cart",
        "add_to_cart",
        "purchase",
    ]
    bought = (
        events[-1] if events[-1]["event"] == "purchase" else next(one for one in events if one["event"] == "purchase")
    )
    assert (bought["quantity"], bought["position"]) == (2, 1)
    assert bought["rec_id"]


def logged(open_log: Any) -> list[dict[str, Any]]:
    """Return the events of the log in the order in which they were taken."""
    names = ("event", "item_id", "quantity", "rec_id", "position")
    return [
        dict(zip(names, row, strict=True)) for batch in open_log.batches(names, open_log.position()) for row in batch
    ]


def test_customers_have_baskets_and_slates_of_their_own(
    shop: Site, open_address: Callable[..., Any], tools: Any
) -> None:
    page = open_address(f"{shop.url}/demo/browse?category=Pets")
    page.locator(".shelf .add").first.click()
    assert page.locator("#count").inner_text() == "1"
    visitor = for_you(open_again(page, shop), tools)
    page.locator(".customers summary").click()
    page.locator(".menu button", has_text="Ada").click()
    page.locator("h1", has_text="Ada").wait_for()
    assert page.locator("#count").is_hidden()
    assert for_you(page, tools) != visitor
    assert page.locator("also-bought[placement=buy-again]").count() == 1


def open_again(page: Any, shop: Site) -> Any:
    page.goto(f"{shop.url}/demo/")
    return page


def test_the_panel_tells_source_reason_score_time_and_model(
    shop: Site, open_address: Callable[..., Any], tools: Any, toy_bundle: Any
) -> None:
    page = open_address(f"{shop.url}/demo/product?item_id=TENT")
    quiet(page)
    page.locator("#why-button").click()
    panel = page.get_by_role("complementary")
    assert page.evaluate("document.activeElement.ariaLabel") == "Close"
    assert toy_bundle.version in panel.locator(".model").inner_text()
    first = panel.locator(".slate").first
    assert first.locator("h3").inner_text() == "also-bought"
    words = first.inner_text()
    for pattern in (
        r"[0-9.]+ ms · 10 items",
        "co_purchase",
        "bought_together, score 0\\.[0-9]{3}",
        "customers bought both",
    ):
        assert re.search(pattern, words), pattern
    assert panel.locator(".slate").count() == 3
    page.keyboard.press("Escape")
    assert panel.count() == 0
    assert page.evaluate("document.activeElement.id") == "why-button"


def test_the_first_slate_of_a_product_is_there_at_once(shop: Site, open_address: Callable[..., Any]) -> None:
    script = "addEventListener('also-bought:slate', (event) => { window.ms ??= event.detail.ms }, true)"
    page = open_address(f"{shop.url}/demo/", prepare=lambda page: page.add_init_script(script))
    times = []
    for _ in range(10):
        page.goto(f"{shop.url}/demo/product?item_id=TENT")
        quiet(page)
        times.append(page.evaluate("ms"))
        if times[-1] < 100:
            return
    raise AssertionError(times)


def test_measuring_ends_where_the_visitor_says_so(shop: Site, open_address: Callable[..., Any], tools: Any) -> None:
    page = open_address(f"{shop.url}/demo/")
    quiet(page)
    page.locator("#why-button").click()
    page.get_by_label("Measure what I see and click").uncheck()
    page.goto(f"{shop.url}/demo/")
    quiet(page)
    shop.asked.clear()
    page.wait_for_timeout(1700)
    assert shop.of("/v1/events") == []
    assert page.locator("also-bought-page").get_attribute("consent") is None


def test_by_keyboard_from_the_start_to_the_basket(shop: Site, open_address: Callable[..., Any], tools: Any) -> None:
    page = open_address(f"{shop.url}/demo/search?q=tent")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#count").inner_text() == "1"
    page.goto(f"{shop.url}/demo/basket")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "To the checkout":
            break
    page.keyboard.press("Enter")
    page.locator("h1", has_text="Checkout").wait_for()
