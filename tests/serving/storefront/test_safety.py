"""Hostile data, strict policies, other origins: nothing runs that is not the widget, and no page breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from recommender.event_log import EventLog

if TYPE_CHECKING:
    from tests.serving.storefront.conftest import Site

RUN = "window.ran = (window.ran ?? 0) + 1"
TITLES = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f"<svg onload='{RUN}'></svg>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<body onload='{RUN}'>",
    f"<details open ontoggle='{RUN}'>x</details>",
    f"<video><source onerror='{RUN}'></video>",
    f"<input autofocus onfocus='{RUN}'>",
    f"<math><mi xlink:href='javascript:{RUN}'>x</mi></math>",
    f"<style>@import 'javascript:{RUN}'</style>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"<template><script>{RUN}</script></template>",
    f"<slot name='1'><script>{RUN}</script></slot>",
    f"<also-bought onclick='{RUN}'></also-bought>",
    f'"><script>{RUN}</script>',
    f"'><script>{RUN}</script>",
    f"`-${{{RUN}}}-`",
    "{{constructor.constructor('window.ran=1')()}}",
    "<!--<script>-->",
    "]]><script>window.ran=1</script>",
    "\u202eevil\u202c<script>window.ran=1</script>",
    "\x00<script>window.ran=1</script>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "%3Cscript%3Ewindow.ran=1%3C/script%3E",
    "\ufeff<script>window.ran=1</script>",
    "=HYPERLINK(1)",
    "x" * 5000,
    "{item_id}",
]
URLS = [
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f" javascript:{RUN}",
    f"java\tscript:{RUN}",
    f"java\nscript:{RUN}",
    f"\x01javascript:{RUN}",
    f"javascript://shop.example/%0a{RUN}",
    f"javascript&colon;{RUN}",
    f"data:text/html,<script>opener.{RUN}</script>",
    f"data:text/html;base64,{RUN}",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>",
    f"vbscript:{RUN}",
    "blob:http://127.0.0.1/1",
    "file:///etc/passwd",
    "about:blank",
    "view-source:http://127.0.0.1/",
    "filesystem:http://127.0.0.1/x",
    "mailto:a@b.example",
    "tel:1",
    "ftp://shop.example/",
    "intent://x#Intent;end",
    "chrome://settings",
    "ws://shop.example/",
    "http://[",
    "https://",
    "",
    "#",
    "//evil.example/x",
    f'/x?"><script>{RUN}</script>',
    f"x' onclick='{RUN}",
]


def test_sixty_hostile_items_run_no_script(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    assert len(TITLES) == len(URLS) == 30
    items = [{"item_id": text[:99] or "x", "title": text, "price": 1, "reason": {"text": text}} for text in TITLES] + [
        {"item_id": f"I{n}", "title": f"Item {n}", "url": url, "image_url": url, "price": "1", "reason": {"text": url}}
        for n, url in enumerate(URLS)
    ]
    slate = {"rec_id": "r", "items": [item | {"rank": n} for n, item in enumerate(items, 1)]}
    body = """<also-bought k="60" add></also-bought><also-bought k="60"><template>
        <a data-bind="link title">x</a><img alt="" data-bind="image"><p data-bind="reason"></p>
        </template></also-bought>"""
    page = open_page(shop, body, prepare=lambda page: page.route("**/v1/**", lambda route: route.fulfill(json=slate)))
    page.locator("also-bought[data-state=filled]").nth(1).wait_for()
    for link in page.locator("also-bought a").all():
        link.evaluate("one => { one.addEventListener('click', (event) => event.preventDefault()); one.click() }")
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert not any(line.startswith("dialog") for line in page.said)
    assert page.locator("also-bought script, also-bought iframe, also-bought svg, also-bought style").count() == 0
    links = page.locator("also-bought a[href]").evaluate_all("all => all.map((one) => one.protocol)")
    assert set(links) == {"http:"}
    assert len(links) == 2 * 5
    pictures = page.locator("also-bought img").evaluate_all("all => all.map((one) => new URL(one.src).protocol)")
    assert set(pictures) <= {"http:"}
    shown = page.locator("also-bought").first.locator("li .title").all_inner_texts()
    assert shown[0] == TITLES[0]


def test_a_broken_configuration_breaks_only_itself(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    body = """<also-bought item-ids="not json">instead</also-bought>
      <also-bought placement="no/such?">instead</also-bought>
      <also-bought k="many">instead</also-bought><also-bought api="http://[">instead</also-bought>
      <also-bought item-id="TENT" k="3" currency="no" locale="x_y_z_!">instead</also-bought>
      <also-bought-page></also-bought-page>
      <also-bought-page item-ids="["><also-bought>instead</also-bought></also-bought-page>
      <also-bought id="right" item-id="TENT" k="3" locale="de_AT" currency="EUR"></also-bought>"""
    page = open_page(shop, body, head="<style>also-bought { min-block-size: 2em !important }</style>")
    page.locator("#right[data-state=filled]").wait_for()
    page.wait_for_timeout(100)
    assert page.locator("also-bought[data-state=failed]").count() == 6
    assert all(one.is_visible() for one in page.get_by_text("instead").all())
    assert "\u20ac\xa0" in page.locator("#right .price").first.inner_text()
    assert not any(line.startswith("error") for line in page.said if "Failed to load" not in line)


def test_it_works_under_a_strict_policy(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    body = """<also-bought item-id="TENT" item-url="/p?{item_id}" image-url="/static/icon.svg?{item_id}" consent>
      </also-bought>"""
    page = open_page(shop, body, policy=tools.strict)
    element = tools.settled(page)
    page.wait_for_timeout(1700)
    assert shop.of("/v1/events") == ["POST /v1/events"]
    assert page.evaluate("violations") == []
    assert page.said == []
    assert element.locator("ul").evaluate("one => getComputedStyle(one).display") == "flex"
    assert element.locator("img").first.evaluate("one => one.complete && one.naturalWidth > 0")
    assert tools.shift(page) == 0


def test_pasted_into_a_page_of_another_origin(
    keyed: tuple[Site, str], foreign: Site, open_page: Callable[..., Any], open_log: EventLog, tools: Any
) -> None:
    api, key = keyed
    pin = api.api.test_client().get("/widget.json").json
    script = (
        f'<script type="module" src="{api.url}{pin["url"]}" integrity="{pin["integrity"]}" crossorigin="anonymous">'
        "</script>"
    )
    body = f"""<also-bought key="{key}" item-id="TENT" k="4" consent></also-bought>
      <also-bought-page key="{key}" item-id="TENT">
        <also-bought placement="similar-items"></also-bought>
      </also-bought-page>"""
    page = open_page(foreign, body, script=script)
    page.locator("also-bought[data-state=filled]").nth(1).wait_for()
    page.wait_for_timeout(1800)
    assert sorted(one for one in api.asked if "/v1/" in one or "OPTIONS" in one) == [
        "GET /v1/also-bought",
        "POST /v1/events",
        "POST /v1/recommendations",
    ]
    assert [line for line in page.said if "shop.example" not in line and "ERR_" not in line] == []
    assert page.context.cookies() == []


def test_other_bytes_than_pinned_do_not_run(shop: Site, open_page: Callable[..., Any]) -> None:
    script = '<script type="module" src="/widget.js" integrity="sha384-' + "A" * 64 + '"></script>'
    page = open_page(shop, '<also-bought item-id="TENT">instead</also-bought>', script=script)
    assert page.get_by_text("instead").is_visible()
    assert shop.of("/v1/") == []


def test_a_module_of_a_server_or_a_worker_may_import_it(shop: Site, open_page: Callable[..., Any]) -> None:
    page = open_page(shop, "", script="")
    done = page.evaluate("""() => new Promise((resolve) => {
        const source = `import('${location.origin}/widget.js')
            .then((one) => postMessage(one.version), (error) => postMessage(String(error)))`;
        const blob = new Blob([source], { type: 'text/javascript' });
        const worker = new Worker(URL.createObjectURL(blob), { type: 'module' });
        worker.onmessage = (event) => resolve(event.data);
    })""")
    assert done == shop.api.test_client().get("/widget.json").json["version"]


def test_loaded_twice_it_is_there_once(shop: Site, open_page: Callable[..., Any], tools: Any) -> None:
    scripts = "".join(f'<script type="module" src="/widget.js?{n}"></script>' for n in range(2))
    page = open_page(shop, '<also-bought item-id="TENT"></also-bought>', script=scripts)
    tools.settled(page)
    page.wait_for_timeout(100)
    assert len(shop.of("/v1/also-bought")) == 1
    assert [line for line in page.said if "Failed to load" not in line] == []
