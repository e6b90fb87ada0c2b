"""A real Chromium, a real server on the toy shop, and pages of a shop on the same origin and on another one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from recommender.access import KeyFile, TokenSecrets
from recommender.bundle import Bundle
from recommender.event_log import EventLog
from serving.app import create_app
from serving.auth import Guard
from serving.journal import LogJournal
from serving.key_ring import KeyRing
from serving.live_bundle import FixedBundle
from serving.rate_limit import RateLimit

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
STRICT = "default-src 'self'; require-trusted-types-for 'script'"
WATCH = """
window.shifts = []; window.violations = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts.push(one.value) })
  .observe({ type: 'layout-shift', buffered: true });
addEventListener('securitypolicyviolation',
  (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""
PATIENT = "AbortSignal.timeout = () => new AbortController().signal"  # a busy machine fails no test
SKELETON = "also-bought { display: block; min-block-size: 22em }"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if not CHROMIUM.exists():
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason="needs Debian's chromium"))


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Write nothing."""


@dataclass
class Site:
    """A server: `pages` of a shop, and the API behind them where there is one; `asked` are the requests it had."""

    api: Any = None
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        self.asked.append(f"{environ['REQUEST_METHOD']} {path}")
        if path in self.pages:
            html, policy = self.pages[path]
            headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
            start_response("200 OK", headers + ([("Content-Security-Policy", policy)] if policy else []))
            return [html.encode()]
        if path == "/shop.css":
            start_response("200 OK", [("Content-Type", "text/css")])
            return [SKELETON.encode()]
        if path == "/favicon.ico":
            start_response("204 No Content", [])
            return []
        if self.api is None:
            start_response("404 Not Found", [])
            return [b""]
        return self.api(environ, start_response)

    def of(self, path: str) -> list[str]:
        """Return the requests so far of a path."""
        return [one for one in self.asked if path in one]


def running(site: Site) -> Iterator[Site]:
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site.url = f"http://127.0.0.1:{server.port}"
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run_site() -> Iterator[Callable[[Any], Site]]:
    """Serve an application."""
    started: list[Iterator[Site]] = []

    def run(api: Any) -> Site:
        started.append(running(Site(api)))
        return next(started[-1])

    yield run
    for one in started:
        next(one, None)


@pytest.fixture(scope="module")
def foreign() -> Iterator[Site]:
    """A shop on another origin."""
    yield from running(Site())


@pytest.fixture
def open_log(tmp_path: Path) -> Iterator[EventLog]:
    """The event log of `shop`."""
    log = EventLog.at("sqlite:///events.db", tmp_path)
    yield log
    log.close()


@pytest.fixture
def shop(toy_bundle: Bundle, open_log: EventLog) -> Iterator[Site]:
    """The API in development mode, with pages on its own origin."""
    yield from running(Site(create_app(FixedBundle(toy_bundle), LogJournal(open_log))))


@pytest.fixture
def keyed(toy_bundle: Bundle, open_log: EventLog, foreign: Site, tmp_path: Path) -> Iterator[tuple[Site, str]]:
    """The API with keys, open to the pages of `foreign`, and a publishable key."""
    file = KeyFile(tmp_path / "keys.json")
    key = file.create("page", "write", publishable=True)[1]
    guard = Guard(KeyRing(file), TokenSecrets((b"s" * 32,)), RateLimit(0, 1))
    app = create_app(FixedBundle(toy_bundle), LogJournal(open_log), guard, (foreign.url,))
    for site in running(Site(app)):
        yield site, key


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_address(browser: Browser) -> Iterator[Callable[..., Any]]:
    """Open an address in a window of a size and under conditions of one's choice."""
    contexts: list[BrowserContext] = []

    def opened(
        address: str,
        *,
        width: int = 1000,
        prepare: Callable[[Page], Any] | None = None,
        patient: bool = True,
        **conditions: Any,
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **conditions)
        contexts.append(context)
        context.add_init_script(WATCH + (PATIENT if patient else ""))
        page: Any = context.new_page()
        page.set_default_timeout(5000)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (page.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(f"{request.method} {request.url}"))
        if prepare is not None:
            prepare(page)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(open_address: Callable[..., Any]) -> Callable[..., Any]:
    """Open a page of a shop: its HTML, on a site."""

    def opened(
        site: Site,
        body: str,
        *,
        head: str = "",
        policy: str = "",
        html: str = '<html lang="en">',
        script: str = '<script type="module" src="/widget.js"></script>',
        **conditions: Any,
    ) -> Any:
        site.pages["/page"] = (
            f'<!doctype html>{html}<head><meta charset="utf-8"><title>A shop</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/shop.css">'
            f"{script}{head}</head><body><main><h1>A shop</h1>{body}"
            f"<p>What stands below must not move.</p></main></body></html>",
            policy,
        )
        return open_address(f"{site.url}/page", **conditions)

    return opened


def settled(page: Any, state: str = "filled") -> Any:
    """Return the page's first element once it is in a state."""
    page.locator(f"also-bought[data-state={state}]").first.wait_for(state="attached")
    return page.locator("also-bought").first


def titles(element: Any) -> list[str]:
    return [text.strip() for text in element.locator("li:not([aria-hidden]) .title").all_inner_texts()]


def shift(page: Any) -> float:
    """Return how far anything moved on its own, as Cumulative Layout Shift counts it."""
    page.wait_for_timeout(100)
    return float(page.evaluate("shifts.reduce((sum, one) => sum + one, 0)"))


def barriers(page: Any) -> list[str]:
    """Return what axe finds wrong with a page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


@dataclass(frozen=True)
class Tools:
    """What tests ask of a page."""

    settled: Callable[..., Any] = settled
    titles: Callable[[Any], list[str]] = titles
    shift: Callable[[Any], float] = shift
    barriers: Callable[[Any], list[str]] = barriers
    strict: str = STRICT

    def tall(self, page: Page) -> None:
        """Give a page a window so high that nothing on it waits."""
        page.set_viewport_size({"width": 1000, "height": 2500})


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Questions to a page."""
    return Tools()
