"""Make the pictures of the demo shop, while `make demo` runs: python docs/images/screenshots.py [ADDRESS [FOLDER]].

Into a folder, those of all pages on a desktop and on a phone, light and dark, to be looked at; without one, those that
the documents show, beside this file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SHOWN = ("demo-product-desktop-light", "demo-home-desktop-dark", "demo-product-phone-dark", "demo-basket-phone-light")
DESKTOP, PHONE = (1280, 860), (390, 844)
LOADING = "[...document.querySelectorAll('also-bought')].some((one) => one.dataset.state === 'loading')"


def main(address: str = "http://127.0.0.1:8000", folder: str | None = None) -> None:
    """Write the pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            shoot(browser, f"{address}/demo", scheme, folder)
        browser.close()


def shoot(browser: Browser, shop: str, scheme: str, folder: str | None) -> None:
    """Walk through the shop on a desktop and on a phone."""
    for device, (width, height) in (("desktop", DESKTOP), ("phone", PHONE)):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page = context.new_page()

        def save(name: str, page: Page = page, device: str = device) -> None:
            settle(page)
            name = f"{name}-{device}-{scheme}"
            if folder is not None or name in SHOWN:
                page.screenshot(path=(Path(folder) if folder else Path(__file__).parent) / f"{name}.png")
                print(name)

        page.goto(f"{shop}/")
        page.locator(".customers summary").click()
        page.locator(".menu form button").nth(1).click()
        page.locator("h1", has_text="Welcome back").wait_for()
        save("demo-home")
        page.goto(f"{shop}/search?q=ground+coffee")
        page.locator(".shelf a").first.click()
        page.locator(".product").wait_for()
        if device == "desktop":
            page.locator("#why-button").click()
        save("demo-product")
        if device == "desktop":
            page.locator("#why .close").click()
        page.locator(".product .add").click()
        settle(page)
        page.locator("also-bought").get_by_role("button", name="Add: ").nth(0).click()
        page.goto(f"{shop}/basket")
        page.mouse.move(0, 0)
        save("demo-basket")
        context.close()


def settle(page: Page) -> None:
    """Wait until all slates and pictures on the screen are there."""
    for _ in range(100):
        if not page.evaluate(LOADING):
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(800)


if __name__ == "__main__":
    main(*sys.argv[1:3])
