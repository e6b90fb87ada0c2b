"""Keyboards, small windows, other languages and directions, dark pages, and those who want nothing to move."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

ELEMENT = '<also-bought item-id="TENT" k="8" add></also-bought>'
LANGUAGES = '<script type="module" src="/widget-languages.js"></script><script type="module" src="/widget.js"></script>'
FOCUSED = """(() => {
  const one = document.activeElement.shadowRoot?.activeElement;
  return one?.ariaLabel ?? one?.className;
})()"""


def position(element: Any) -> int:
    return int(element.locator("ul").evaluate("one => one.scrollLeft"))


@pytest.mark.parametrize("width", [320, 1000])
def test_by_keyboard_alone(shop: Site, open_page: Callable[..., Any], tools: Any, width: int) -> None:
    page = open_page(shop, ELEMENT, width=width, reduced_motion="reduce")
    element = tools.settled(page)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Previous"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Next"
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    turned = position(element)
    assert turned > 100
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.wait_for_timeout(50)
    assert position(element) == 0
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "carousel"
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert position(element) > 0
    for _ in range(2 * 8):
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED).startswith("Add to basket: ")
    page.wait_for_timeout(150)
    last = element.locator("li").last.bounding_box()
    assert last["x"] >= 0
    assert last["x"] + last["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert tools.barriers(page) == []


def test_the_ends_are_told(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT, reduced_motion="reduce")
    element = tools.settled(page)
    previous, following = (element.get_by_role("button", name=name) for name in ("Previous", "Next"))
    assert (previous.get_attribute("aria-disabled"), following.get_attribute("aria-disabled")) == ("true", "false")
    for _ in range(4):
        following.evaluate("one => one.click()")
        page.wait_for_timeout(50)
    assert (previous.get_attribute("aria-disabled"), following.get_attribute("aria-disabled")) == ("false", "true")
    page.set_viewport_size({"width": 1900, "height": 800})
    previous.wait_for(state="hidden")


def test_from_right_to_left(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    page = open_page(shop, ELEMENT, html='<html lang="ar" dir="rtl">', script=LANGUAGES, reduced_motion="reduce")
    element = tools.settled(page)
    assert element.locator("h2").inner_text() == "اشترى العملاء أيضًا"
    boxes = [one.bounding_box()["x"] for one in element.locator("li").all()[:2]]
    assert boxes[0] > boxes[1]
    element.get_by_role("button", name="التالي").click()
    page.wait_for_timeout(50)
    assert position(element) < -100
    assert tools.barriers(page) == []


def test_in_another_language(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    body = f'{ELEMENT}<div lang="fr"><also-bought placement="popular" currency="EUR"></also-bought></div>'
    page = open_page(shop, body, html='<html lang="de-AT">', script=LANGUAGES)
    page.locator("also-bought[data-state=filled]").nth(1).wait_for()
    first, second = page.locator("also-bought").all()
    assert first.locator("h2").inner_text() == "Andere kauften auch"
    assert second.locator("h2").inner_text() == "Populaire"
    assert second.locator(".price").first.inner_text().endswith(",90\xa0€")
    assert any("locale=de-AT" in one for one in page.asked)


def test_every_language_says_everything(shop: Site, open_page: Callable[..., Any]) -> None:
    page = open_page(shop, "", script=LANGUAGES)
    texts = page.evaluate("import('/widget.js').then((one) => one.texts)")
    assert set(texts) == {"en", "de", "fr", "es", "it", "nl", "ar"}
    assert {tuple(sorted(one)) for one in texts.values()} == {tuple(sorted(texts["en"]))}
    assert all(text.strip() for one in texts.values() for text in one.values())


def test_on_a_dark_page(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    head = "<style>body { background: #16181d; color: #e8e6e1 }</style>"
    page = open_page(shop, ELEMENT, head=head, color_scheme="dark")
    tools.settled(page)
    assert tools.barriers(page) == []


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_who_wants_nothing_to_move(
    shop: Site, open_page: Callable[..., Any], tools: Any, motion: str, *, moves: bool
) -> None:
    page = open_page(shop, ELEMENT, reduced_motion=motion)
    element = tools.settled(page)
    smooth = element.locator("ul").evaluate("one => getComputedStyle(one).scrollBehavior")
    assert (smooth == "smooth") == moves
