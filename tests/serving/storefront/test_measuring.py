"""What is told of a visitor, to whom, and only with consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

ELEMENT = '<also-bought item-id="TENT" k="8" currency="EUR" item-url="#{item_id}"></also-bought>'
STORED = "localStorage.length + document.cookie.length"


def listening(sent: list[Any]) -> Callable[[Any], None]:
    """Keep the events that a page sends."""

    def listen(page: Any) -> None:
        page.add_init_script("window.dataLayer = []; window.told = [];" + TELLING)
        page.on("request", lambda one: sent.append(json.loads(one.post_data)) if "/v1/events" in one.url else None)

    return listen


TELLING = """
for (const name of ['impression', 'click']) {
  addEventListener(`also-bought:${name}`, (event) => told.push(event.detail), true);
}
"""


def test_without_consent_nothing_is_told_and_nothing_kept(
    shop: Site, open_page: Callable[..., Any], tools: Any
) -> None:
    sent: list[Any] = []
    page = open_page(shop, ELEMENT + '<also-bought placement="for-you"></also-bought>', prepare=listening(sent))
    element = tools.settled(page)
    element.locator("a").first.click()
    page.wait_for_timeout(1700)
    assert sent == []
    assert page.evaluate(STORED) == 0
    assert page.evaluate("dataLayer") == []
    assert [one["event"] for one in page.evaluate("told")] == ["click"]
    assert not any("session_id" in one for one in page.asked)


def test_with_consent_what_is_seen_for_a_second_and_what_is_clicked(
    shop: Site, open_page: Callable[..., Any], tools: Any
) -> None:
    sent: list[Any] = []
    page = open_page(shop, ELEMENT.replace(" k=", " consent k="), prepare=listening(sent))
    element = tools.settled(page)
    answer = page.request.get(f"{shop.url}/v1/also-bought?item_id=TENT&k=8&locale=en").json()
    page.wait_for_timeout(1800)
    (impressions,) = sent
    assert [one["position"] for one in impressions] == [1, 2, 3, 4, 5]  # the sixth is cut off by more than half
    for one in impressions:
        assert one["event"] == "impression"
        assert one["rec_id"] == answer["rec_id"]
        assert one["item_id"] == answer["items"][one["position"] - 1]["item_id"]
        assert len(one["session_id"]) == 32
    element.locator("a").nth(1).click()
    page.wait_for_timeout(200)
    ((click,),) = sent[1:]
    assert (click["event"], click["position"], click["item_id"]) == ("click", 2, answer["items"][1]["item_id"])
    assert click["session_id"] == page.evaluate("localStorage.getItem('also-bought-session')")
    element.get_by_role("button", name="Next").click()
    page.wait_for_timeout(2300)
    seen_items = [one["position"] for events in sent for one in events if one["event"] == "impression"]
    assert sorted(seen_items) == list(range(1, 9)), "what is turned to is seen, too, and each item once"

    layer = [one for one in page.evaluate("dataLayer") if "event" in one]
    assert [one["event"] for one in layer] == ["view_item_list", "select_item"]
    seen, chosen = (one["ecommerce"] for one in layer)
    assert seen["item_list_id"] == "also-bought"
    assert len(seen["items"]) == len(answer["items"])
    assert chosen["items"] == [
        {
            "item_id": click["item_id"],
            "item_name": answer["items"][1]["title"],
            "price": answer["items"][1]["price"],
            "index": 2,
        }
    ]
    taken = page.request.post(f"{shop.url}/v1/events", data=[click | {"event_id": "again"}]).json()
    assert taken == {"accepted": 1, "rejected": []}


def test_consent_may_come_later_and_be_withdrawn(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    sent: list[Any] = []
    body = f"<also-bought-page>{ELEMENT}<also-bought placement='for-you'></also-bought></also-bought-page>"
    page = open_page(shop, body, prepare=listening(sent))
    tools.settled(page)
    page.evaluate("document.querySelector('also-bought-page').toggleAttribute('consent')")
    page.wait_for_timeout(1800)
    assert len(sent) == 1
    assert page.evaluate("localStorage.length") == 1
    page.evaluate("document.querySelector('also-bought-page').toggleAttribute('consent')")
    assert page.evaluate(STORED) == 0
    page.locator("also-bought a").first.click()
    page.wait_for_timeout(200)
    assert len(sent) == 1


def test_a_user_is_named_with_the_token_that_proves_it(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    sent: list[Any] = []
    tokens: list[str | None] = []

    def listen(page: Any) -> None:
        listening(sent)(page)
        page.on("request", lambda one: tokens.append(one.headers.get("x-user-token")) if "/v1/" in one.url else None)

    body = ELEMENT.replace(" k=", ' user-id="U1" user-token="v1.x" consent k=')
    page = open_page(shop, body, prepare=listen)
    tools.settled(page).locator("a").first.click()
    page.wait_for_timeout(200)
    ((click,),) = sent
    assert (click["user_id"], click["user_token"]) == ("U1", "v1.x")
    assert "session_id" not in click
    assert tokens[0] == "v1.x"
    assert page.evaluate(STORED) == 0


def test_for_you_follows_the_session_once_there_is_consent(
    shop: Site, open_page: Callable[..., Any], tools: Any
) -> None:
    body = '<also-bought placement="for-you" consent></also-bought>'
    page = open_page(shop, body)
    tools.settled(page)
    session = page.evaluate("localStorage.getItem('also-bought-session')")
    assert any(f"session_id={session}" in one for one in page.asked)
    assert page.evaluate("import('/widget.js').then((one) => one.sessionId())") == session


def test_an_element_that_is_moved_goes_on_measuring(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    sent: list[Any] = []
    page = open_page(shop, ELEMENT.replace(" k=", " consent k="), prepare=listening(sent))
    tools.settled(page)
    page.evaluate("document.querySelector('main').append(document.querySelector('also-bought'))")
    page.wait_for_timeout(1700)
    assert len(sent) == len(shop.of("/v1/also-bought")) == 1


def test_leaving_the_page_loses_nothing(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT.replace(" k=", " consent k="))
    tools.settled(page)
    page.wait_for_timeout(1100)
    page.goto(f"{shop.url}/docs")
    page.wait_for_timeout(300)
    assert shop.of("/v1/events") == ["POST /v1/events"]
