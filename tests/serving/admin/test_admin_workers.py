"""On a real server of two workers: one session for all, one set of figures, a change that all take up."""

from __future__ import annotations

import http.client
import re
import urllib.parse
from collections import Counter
from collections.abc import Callable
from typing import Any

from operations import Keys, form_token

from recommender.bundle import Store, changes

MOST = 300
"""Requests until both workers have had some; the kernel gives them out as it likes."""


class Browser:
    """As much of a browser as keeps a cookie; every request has a connection of its own, so any worker may get it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""

    def ask(self, path: str, **form: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST" if form else "GET", path, urllib.parse.urlencode(form) or None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
        connection.close()
        return answer.status, body


def test_all_workers_know_the_session_and_the_figures_and_take_up_a_change(
    store: Store, keys: Keys, start_server: Callable[..., Any]
) -> None:
    server = start_server(store, 2)
    browser = Browser(server.port)
    assert browser.ask("/admin/")[0] == 303
    assert browser.ask("/admin/sign-in", key=keys["admin"])[0] == 303
    answered = Counter[str]()
    while len(answered) < 2 or min(answered.values()) < 3:
        asked = sum(answered.values())
        status, page = browser.ask("/admin/traffic?period=start")
        assert status == 200
        known = re.search(r'/admin/traffic</code></th>\s*<td class="n">(\d+)', page)
        assert (int(known[1]) if known else 0) == asked  # whoever answers knows of all that were asked before
        answered.update(re.findall(r"process (\d+)", page))
        assert asked < MOST, answered

    form = {"form_token": form_token(browser.ask("/admin/versions/rollback?version=v00001")[1])}
    assert browser.ask("/admin/versions/rollback", version="v00001", live="v00002", **form)[0] == 303
    assert [one.to for one in changes.changes(store.path)] == ["v00001"]
    server.wait_until(lambda: "2 workers answer from v00001." in browser.ask("/admin/versions")[1], 10)
    assert "rollback of 'v00001'" in server.log()
    assert keys["admin"] not in server.log()
