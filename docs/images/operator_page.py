"""Make the pictures of the operator's page, while a server in development mode runs:

python docs/images/operator_page.py [ADDRESS]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

PAGES: tuple[tuple[str, str, Literal["light", "dark"]], ...] = (
    ("", "admin-overview-light", "light"),
    ("outcomes", "admin-outcomes-dark", "dark"),
)
SIZE = (1280, 800)


def main(address: str = "http://127.0.0.1:8000") -> None:
    """Write the pictures beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for path, name, scheme in PAGES:
            page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme=scheme)
            page.goto(f"{address}/admin/{path}")
            page.screenshot(path=Path(__file__).parent / f"{name}.png")
            print(name)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
