"""The pages in a real browser: nothing on the console, no violation that axe finds, keyboard alone, narrow screens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from operations import follow_slates, make_app, make_keys, shop_config, two_versions
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from recommender.bundle import Bundle, Store, changes

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = (
    "",
    "traffic?period=start",
    "outcomes",
    "training",
    "training/1",
    "versions",
    "versions/rollback?version=v00001",
    "ask?placement=also-bought&item_id=007&target=GRIND-1",
    "ask?placement=popular&k=900",
    "training/99",
    "sign-in",
)
NARROW, WIDE = 320, 1280

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")


@dataclass(frozen=True)
class Shop:
    url: str
    store: Store
    admin_key: str


@pytest.fixture(scope="module")
def shop(toy_store: Store, toy_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("operations")
    store = two_versions(toy_store, toy_bundle, folder)
    follow_slates(make_app(shop_config(folder)).test_client())
    changes.promote(store, "v00002", "jo@host")
    keys = make_keys(folder)
    server = make_server("127.0.0.1", 0, make_app(shop_config(folder)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Shop(f"http://127.0.0.1:{server.port}", store, keys["admin"])
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


def opened(browser: Browser, said: list[str], **context: Any) -> Page:
    page = browser.new_context(**context).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return page


def sign_in(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/admin/")
    page.get_by_label("Admin key").fill(shop.admin_key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{shop.url}/admin/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_and_the_console_stays_empty(shop: Shop, browser: Browser, scheme: str) -> None:
    said: list[str] = []
    page = opened(browser, said, viewport={"width": WIDE, "height": 900}, color_scheme=scheme)
    page.goto(f"{shop.url}/admin/")
    assert Axe().run(page).response["violations"] == []
    sign_in(page, shop)
    for path in PAGES:
        page.goto(f"{shop.url}/admin/{path}")
        assert [(path, one["id"]) for one in Axe().run(page).response["violations"]] == []
        colours = page.evaluate("[document.body, document.querySelector('main')].map(e => getComputedStyle(e).color)")
        assert len(set(colours)) == 1
    # an error's own status is all that Chromium has to say
    assert [text for text in said if "status of 400" not in text and "status of 404" not in text] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 24, 22)"
    assert dark == (scheme == "dark")
    page.context.close()


def test_nothing_overflows_a_narrow_screen_and_axe_agrees(shop: Shop, browser: Browser) -> None:
    page = opened(browser, [], viewport={"width": NARROW, "height": 640})
    sign_in(page, shop)
    for path in PAGES:
        page.goto(f"{shop.url}/admin/{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert Axe().run(page).response["violations"] == [], path
    page.context.close()


def test_only_this_server_is_asked_and_the_cookie_is_out_of_reach(shop: Shop, browser: Browser) -> None:
    page = opened(browser, [])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, shop)
    page.goto(f"{shop.url}/admin/versions")
    assert asked
    assert all(url.startswith(f"{shop.url}/") for url in asked)
    assert not any(shop.admin_key in url for url in asked)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/admin/")
    page.context.close()


def press_until(page: Page, text: str, most: int = 60) -> None:
    """Press Tab until what has this text has the focus, visibly."""
    page.wait_for_load_state("load")
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == text:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"{text!r} can't be reached by Tab")


def test_by_keyboard_alone_at_320_px_a_version_is_rolled_back_and_promoted_again(shop: Shop, browser: Browser) -> None:
    page = opened(browser, [], viewport={"width": NARROW, "height": 640})
    sign_in(page, shop)
    page.wait_for_load_state("load")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    press_until(page, "Versions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/versions")
    press_until(page, "Roll back to v00001 …")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/versions/rollback?*")
    assert shop.store.current() == "v00002"
    press_until(page, "Roll back to v00001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/versions?changed=v00001")
    assert shop.store.current() == "v00001"
    assert "v00001 is live in place of v00002" in page.get_by_role("status").inner_text()
    press_until(page, "Promote v00002 …")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/versions/promote?*")
    press_until(page, "Promote v00002")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/versions?changed=v00002")
    assert shop.store.current() == "v00002"
    press_until(page, "Sign out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/sign-in")
    page.goto(f"{shop.url}/admin/versions")
    assert page.url.endswith("/admin/sign-in")
    page.context.close()


def test_a_form_of_another_site_is_refused_by_browser_and_server(shop: Shop, browser: Browser) -> None:
    page = opened(browser, [])
    sign_in(page, shop)
    form = f"""<form method="post" action="{shop.url}/admin/versions/rollback"><input name="version" value="v00001">
        <input name="live" value="v00002"><button>Win</button></form>"""
    page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.example/")
    before = changes.changes(shop.store.path)
    with page.expect_response("**/admin/versions/rollback") as answered:
        page.get_by_text("Win").click()
    assert answered.value.status == 403
    assert "cookie" not in answered.value.request.all_headers()
    assert changes.changes(shop.store.path) == before
    page.context.close()
