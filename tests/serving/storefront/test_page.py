"""<also-bought-page>, baskets, templates and what the shop's server has rendered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

PAGE = """
<also-bought-page item-id="TENT" user-id="u0042" currency="EUR" k="4">
  <also-bought placement="up-sell" item-id="BAG-1"></also-bought>
  <section>
    <also-bought placement="also-bought" max-price="200" filters='["category under Outdoor"]'></also-bought>
  </section>
  <also-bought placement="trending" k="5" diversity="0.2"></also-bought>
</also-bought-page>"""


def shown(page: Any) -> list[list[str]]:
    return [
        [link.get_attribute("href") for link in element.locator("li:not([aria-hidden]) a").all()]
        for element in page.locator("also-bought[data-state=filled]").all()
    ]


def test_a_page_asks_once_and_shows_nothing_twice(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, PAGE, policy=tools.strict)
    page.locator("also-bought[data-state=filled]").nth(2).wait_for()
    assert shop.of("/v1/") == ["POST /v1/recommendations"]
    slates = shown(page)
    everything = [link for slate in slates for link in slate]
    assert len(everything) == len(set(everything)) >= 9
    assert [len(slate) for slate in slates][1:] == [4, 5]
    assert {one.partition(" ")[0] for one in page.evaluate("violations")} == {"img-src"}  # the shop's own pictures
    assert tools.barriers(page) == []


def test_a_basket_is_asked_for_again_when_it_changes(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    body = """<also-bought-page session-id="S1">
      <also-bought id="basket" placement="cross-sell" item-ids='["TENT"]' add></also-bought>
      <also-bought id="other" placement="popular"></also-bought></also-bought-page>"""
    page = open_page(shop, body)
    page.locator("also-bought[data-state=filled]").nth(1).wait_for()
    other = tools.titles(page.locator("#other"))
    before = tools.titles(page.locator("#basket"))
    page.evaluate("""() => addEventListener('also-bought:add', (event) => {
        window.added = event.detail;
        document.querySelector('#basket').setAttribute('item-ids', JSON.stringify(['TENT', event.detail.item_id]));
    })""")
    page.locator("#basket").get_by_role("button", name="Add to basket: ").first.click()
    page.wait_for_function("document.querySelector('#basket').shadowRoot.querySelector('ul').ariaBusy === null")
    page.wait_for_timeout(150)
    added = page.evaluate("added")
    assert added["item"]["title"] == before[0]
    assert (added["event"], added["position"], len(added["event_id"])) == ("add_to_cart", 1, 32)
    assert before[0] not in tools.titles(page.locator("#basket"))
    assert len(shop.of("/v1/recommendations")) == 2
    assert set(tools.titles(page.locator("#other"))) & set(other)


def test_a_shops_own_template_is_filled_and_styled_by_the_shop(
    shop: Site, open_page: Callable[..., Any], tools: Any
) -> None:
    body = """<h2>Tents</h2><also-bought item-id="TENT" k="3" item-url="/p?id={item_id}"
        image-url="/nosuch/{item_id}.png"
        fields="title,price,brand" heading="Take along" heading-level="3"><template>
      <article class="card"><a data-bind="link"><b data-bind="title"></b></a><i data-bind="brand"></i>
      <img alt="" data-bind="image">
      <button data-bind="add">Take</button></article></template></also-bought>"""
    page = open_page(shop, body, head="<style>.card { color: rgb(1, 2, 3) }</style>")
    element = tools.settled(page)
    cards = page.locator("also-bought article")
    assert cards.count() == 3
    answer = page.request.get(f"{shop.url}/v1/also-bought?item_id=TENT&k=3&locale=en&fields=title,price,brand").json()
    assert [card.locator("b").inner_text() for card in cards.all()] == [item["title"] for item in answer["items"]]
    assert cards.first.locator("i").inner_text() == answer["items"][0]["brand"]
    assert cards.first.locator("a").get_attribute("href").endswith(f"/p?id={answer['items'][0]['item_id']}")
    assert cards.first.evaluate("one => getComputedStyle(one).color") == "rgb(1, 2, 3)"
    assert cards.first.get_by_role("button").get_attribute("aria-label") == f"Take: {answer['items'][0]['title']}"
    assert element.locator("h3").inner_text() == "Take along"
    page.wait_for_function("document.querySelectorAll('article img').length === 0")
    assert tools.barriers(page) == []


def test_what_the_server_has_rendered_stays_and_is_measured(
    shop: Site, open_page: Callable[..., Any], tools: Any
) -> None:
    cards = "".join(f'<div slot="{n}" data-item-id="I{n}"><a href="/p?{n}">Item {n}</a></div>' for n in range(1, 6))
    body = f'<also-bought rec-id="abc" session-id="S1" consent><h2 slot="heading">Rendered</h2>{cards}</also-bought>'
    page = open_page(shop, body)
    tools.settled(page)
    page.wait_for_timeout(1800)
    assert [one for one in shop.asked if "/v1/" in one] == ["POST /v1/events"]
    assert page.get_by_role("listitem").count() == 5
    assert page.get_by_role("heading", name="Rendered").is_visible()
    assert page.get_by_text("Item 5").is_visible()
    assert tools.shift(page) == 0
    assert tools.barriers(page) == []


def test_it_asks_what_its_attributes_say(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    sent: list[Any] = []
    prepare = lambda page: page.on("request", lambda one: sent.append(one.post_data) if one.post_data else None)  # noqa: E731
    page = open_page(shop, PAGE, prepare=prepare, html='<html lang="de-AT">')
    page.locator("also-bought[data-state=filled]").nth(2).wait_for()
    (asked,) = [json.loads(body) for body in sent]
    assert asked == {
        "item_id": "TENT",
        "user_id": "u0042",
        "placements": [
            {"placement": "up-sell", "k": 4, "locale": "de-AT", "item_id": "BAG-1"},
            {
                "placement": "also-bought",
                "k": 4,
                "locale": "de-AT",
                "max_price": 200,
                "filter": ["category under Outdoor"],
            },
            {"placement": "trending", "k": 5, "locale": "de-AT", "diversity": 0.2},
        ],
    }
