"""What an element shows in each of its states, and that nothing jumps, is said or is asked beyond what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

ELEMENT = '<also-bought item-id="TENT" k="6" currency="EUR"></also-bought>'
API = "**/v1/**"


def slate(n: int, rec_id: str = "r1") -> dict[str, Any]:
    items = [
        {"item_id": f"I{rank}", "rank": rank, "title": f"Item {rank}", "price": 1.5, "reason": {"text": "Because"}}
        for rank in range(1, n + 1)
    ]
    return {"rec_id": rec_id, "placement": "also-bought", "items": items}


def answering(**answer: Any) -> Callable[[Any], Any]:
    return lambda page: page.route(API, lambda route: route.fulfill(**answer))


def test_filled(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT)
    element = tools.settled(page)
    answer = shop_answer(page, shop, "/v1/also-bought?item_id=TENT&k=6&locale=en")
    assert tools.titles(element) == [item["title"] for item in answer["items"]]
    first = element.locator("li").first
    assert answer["items"][0]["reason"]["text"] in first.inner_text()
    assert f"€{answer['items'][0]['price']:.2f}" in first.inner_text()
    assert first.locator("a").get_attribute("href") == answer["items"][0]["url"]
    assert element.locator("h2").inner_text() == "Customers also bought"
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []


def shop_answer(page: Any, shop: Site, path: str) -> Any:
    return page.request.get(shop.url + path).json()


def test_it_needs_the_script_and_one_answer(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT, prepare=lambda page: page.route("https://shop.example/**", lambda one: one.abort()))
    tools.settled(page)
    page.wait_for_timeout(300)
    own = [one.removeprefix("GET " + shop.url).partition("?")[0] for one in page.asked if shop.url in one]
    assert [one for one in own if one != "/favicon.ico"] == ["/page", "/shop.css", "/widget.js", "/v1/also-bought"]
    assert [one for one in page.asked if shop.url not in one and "https://shop.example/image" not in one] == []


@pytest.mark.parametrize("layout", ["carousel", "list"])
@pytest.mark.parametrize("n", [6, 2])
def test_loading_has_the_size_of_what_comes(
    shop: Site, open_page: Callable[..., Any], tools: Any, layout: str, n: int
) -> None:
    held: list[Any] = []
    body = ELEMENT.replace("k=", f'layout="{layout}" k=')
    head = "<style>also-bought { min-block-size: 46em !important }</style>" if layout == "list" else ""
    page = open_page(shop, body, head=head, prepare=lambda page: page.route(API, lambda route: held.append(route)))
    element = tools.settled(page, "loading")
    assert element.locator("li[aria-hidden]").count() == 6
    assert element.locator("ul").get_attribute("aria-busy") == "true"
    before = element.bounding_box()
    page.wait_for_timeout(50)
    held[0].fulfill(json=slate(n))
    tools.settled(page)
    assert element.bounding_box() == before
    assert element.locator("ul").get_attribute("aria-busy") is None
    assert tools.titles(element) == [f"Item {rank}" for rank in range(1, n + 1)]
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []
    assert page.said == []


WRONG: dict[str, Callable[[Any], Any]] = {
    "error": lambda route: route.fulfill(status=500, json={"detail": "our fault"}),
    "refused": lambda route: route.fulfill(status=400, json={"detail": "k must be a whole number"}),
    "not-ours": lambda route: route.fulfill(status=502, body="<html>Bad Gateway"),
    "no-slate": lambda route: route.fulfill(json={"items": None}),
    "null": lambda route: route.fulfill(json={"rec_id": "r", "items": [None]}),
    "offline": lambda route: route.abort("internetdisconnected"),
    "slow": lambda route: None,
}


def going_wrong(page: Any) -> None:
    page.route(API, lambda route: WRONG[parse_qs(urlsplit(route.request.url).query)["item_id"][0]](route))


def test_where_no_answer_comes_the_fallback_stays(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    fallback = '<a href="/bestsellers">Our best sellers</a>'
    body = "".join(ELEMENT.replace("TENT", kind).replace("></", f">{fallback}</") for kind in WRONG)
    page = open_page(
        shop,
        body,
        head="<style>also-bought { min-block-size: 2em !important }</style>",
        prepare=going_wrong,
        patient=False,
    )
    page.locator("also-bought[data-state=failed]").nth(len(WRONG) - 1).wait_for(state="attached")
    assert page.get_by_text("Our best sellers").count() == len(WRONG)
    assert all(one.is_visible() for one in page.get_by_text("Our best sellers").all())
    assert not any(one.is_visible() for one in page.locator("also-bought h2").all())
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []
    ours = [line for line in page.said if "Failed to load resource" not in line]
    assert len(ours) == len(WRONG)
    assert all(line.startswith("warning: also-bought: also-bought: ") for line in ours)
    assert any(line.endswith("k must be a whole number") for line in ours)


TIMED = """
const ask = fetch;
window.fetch = (...asked) => { window.asked = performance.now(); return ask(...asked); };
addEventListener('also-bought:failed', () => { window.gaveUp = performance.now(); }, true);
"""


def test_a_slow_answer_is_given_up_after_its_budget(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    body = ELEMENT.replace("TENT", "slow")
    prepare = lambda page: (page.add_init_script(TIMED), going_wrong(page))  # noqa: E731
    page = open_page(shop, body, prepare=prepare, patient=False)
    tools.settled(page, "failed")
    assert 790 <= page.evaluate("gaveUp - asked") <= 1500


@pytest.mark.parametrize(("above", "shown"), [("0", True), ("1000px", False)])
@pytest.mark.parametrize("kind", ["error", "empty"])
def test_without_fallback_it_keeps_its_room_on_the_screen_and_goes_below(
    shop: Site, open_page: Callable[..., Any], tools: Any, kind: str, above: str, *, shown: bool
) -> None:
    prepare = answering(status=500, json={}) if kind == "error" else answering(json=slate(0))
    page = open_page(shop, f'<div style="height:{above}"></div>' + ELEMENT, prepare=prepare)
    element = tools.settled(page, "failed" if kind == "error" else "empty")
    assert element.is_visible() == shown
    assert not element.locator("h2").is_visible()
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []


def test_without_the_script_the_fallback_is_all_there_is(shop: Site, open_page: Callable[..., Any]) -> None:
    body = ELEMENT.replace("></", '><a href="/x">Our best sellers</a></')
    page = open_page(shop, body, script='<script type="module" src="/nosuch.js"></script>')
    assert page.get_by_text("Our best sellers").is_visible()


def test_it_waits_until_it_comes_near_the_screen(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, '<div style="height:3000px"></div>' + ELEMENT)
    page.wait_for_timeout(300)
    assert shop.of("/v1/") == []
    page.mouse.wheel(0, 2000)
    tools.settled(page)
    assert len(shop.of("/v1/also-bought")) == 1


def test_another_item_is_another_question(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT)
    before = tools.titles(tools.settled(page))
    page.evaluate("""() => {
        const element = document.querySelector('also-bought');
        element.setAttribute('item-id', 'ESPRESSO'); element.setAttribute('k', '4');
    }""")
    page.wait_for_function("document.querySelector('also-bought').shadowRoot.querySelectorAll('li').length < 6")
    page.wait_for_timeout(50)
    after = tools.titles(page.locator("also-bought"))
    assert after != before
    assert len(shop.of("/v1/also-bought")) == 2


def test_of_two_answers_the_last_one_asked_for_stays(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    held: list[Any] = []
    page = open_page(shop, ELEMENT, prepare=lambda page: page.route(API, lambda route: held.append(route)))
    page.wait_for_timeout(50)
    page.evaluate("document.querySelector('also-bought').setAttribute('item-id', 'ESPRESSO')")
    page.wait_for_timeout(50)
    held[1].fulfill(json=slate(3, "second"))
    held[0].fulfill(json=slate(5, "first"))
    page.wait_for_timeout(100)
    assert len(tools.titles(tools.settled(page))) == 3


def test_an_earlier_answer_outlives_an_error(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT)
    before = tools.titles(tools.settled(page))
    page.route(API, lambda route: route.abort())
    page.evaluate("document.querySelector('also-bought').setAttribute('item-id', 'ESPRESSO')")
    page.wait_for_timeout(100)
    assert tools.titles(tools.settled(page)) == before
