"""Who may come in: an admin key, by the form of the sign-in page or as a bearer; in development whoever is here.

Every request to the operator's page passes `Door.check`; what changes something passes `Door.check_form`, too.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from urllib.parse import urlsplit

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from recommender.access import Key
from serving.admin.sessions import COOKIE, SESSION_SECONDS, Operator, Sessions
from serving.key_ring import KeyRing
from serving.problems import FORBIDDEN, FORBIDDEN_ORIGIN, INVALID_KEY, Problem

PATH = "/admin/"
OPEN = ("admin.sign_in", "admin.take_key", "admin.static")

log = logging.getLogger(__name__)


class Door:
    """Lets operators in and others out."""

    def __init__(self, keys: KeyRing, sessions: Sessions) -> None:
        self._keys = keys
        self.sessions = sessions

    @property
    def needs_key(self) -> bool:
        """Whether there are keys; without any the server is in development mode."""
        return self._keys.needed()

    def check(self) -> Response | None:
        """Set `g.operator`, or send whoever is not signed in to the sign-in page.

        Raises
        ------
        Problem
            403 where a page of another site sends a form, or in development mode for any name but this machine's.
        """
        sent_from = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method not in ("GET", "HEAD") and sent_from != "same-origin":
            raise Problem(FORBIDDEN_ORIGIN, "a form of another site was sent here; nothing was changed")
        if not self.needs_key and not is_this_machine():
            raise Problem(FORBIDDEN, "in development mode the operator's page is at localhost only")
        g.operator = self._operator()
        if g.operator is None and request.endpoint not in OPEN:
            return redirect(url_for("admin.sign_in"), 303)
        return None

    def check_form(self) -> Operator:
        """Return who sent the present form; raises Problem (403) unless it is one of ours, of this session."""
        operator: Operator = g.operator
        sent = request.form.get("form_token", "")
        if not hmac.compare_digest(sent.encode(errors="replace"), operator.form_token.encode()):
            raise Problem(FORBIDDEN, "the form is not of this session; open the page again and send it from there")
        return operator

    def sign_in_page(self, wrong: str | None = None) -> dict[str, object]:
        """Return what the page says: whether anybody can sign in, whether others may read along, what went wrong."""
        return {
            "shared": self.sessions.shared,
            "encrypted": request.is_secure or is_this_machine(),
            "wrong": wrong,
        }

    def admin_key(self, text: str) -> Key:
        """Return the key with this text; raises Problem (401 or 403) where it is not good for this page."""
        found = self._keys.find(text)
        if found is None:
            raise Problem(INVALID_KEY, "this key is unknown or revoked")
        key = found[1]
        if not _admits(key):
            kind = "publishable" if key.publishable else f"of the scope {key.scope}"
            raise Problem(FORBIDDEN, f"this key is {kind}; the operator's page needs a secret one of the scope admin")
        return key

    def let_in(self, key: Key, answer: Response) -> Response:
        """Begin a session with a key."""
        answer.set_cookie(
            COOKIE,
            self.sessions.begin(key.id),
            max_age=SESSION_SECONDS,
            path=PATH,
            secure=not is_this_machine(),
            httponly=True,
            samesite="Strict",
        )
        log.info("request %s: key %s (%s) signed in to the operator's page", g.request_id, key.id, key.name)
        return answer

    def let_out(self, answer: Response) -> Response:
        """End the session of this browser."""
        answer.delete_cookie(COOKIE, path=PATH)
        return answer

    def _operator(self) -> Operator | None:
        if not self.needs_key:
            return Operator("development mode", self.sessions.form_token("development mode"))
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._with(self.admin_key(text.strip()), text)
        cookie = request.cookies.get(COOKIE, "")
        key_id = self.sessions.key_id(cookie)
        key = None if key_id is None else self._keys.active(key_id)
        return None if key is None or not _admits(key) else self._with(key, cookie)

    def _with(self, key: Key, session: str) -> Operator:
        return Operator(f"key {key.id} ({key.name})", self.sessions.form_token(session))


def is_this_machine() -> bool:
    """Tell whether the browser asked for this machine by name or loopback address, so that no network is in between."""
    host = urlsplit(f"//{request.host}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _admits(key: Key) -> bool:
    return key.allows("admin") and not key.publishable
