"""Who may ask what: keys, scopes, what a browser's key is good for, tokens of users, the rate of a key.

Every request passes `Guard.check` before its route. Without keys all is allowed, on loopback: development mode.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from flask import g, request

from recommender.access import Key, Scope, TokenSecrets
from recommender.placements import PLACEMENTS
from serving.key_ring import KeyRing
from serving.problems import (
    FORBIDDEN,
    INVALID_KEY,
    MISSING_KEY,
    NOT_FOUND,
    RATE_LIMITED,
    USER_TOKEN_NEEDED,
    Problem,
)
from serving.rate_limit import RateLimit
from serving.reading import decode_query

USER_TOKEN = "X-User-Token"  # noqa: S105 -- the header's name
MIN_SESSION_BYTES = 22  # 128 random bits, as base64url writes them
OPEN = ("/healthz", "/readyz", "/openapi.json", "/docs", "/problems/", "/static/", "/widget")
OWN_DOOR = "/admin"  # `serving.admin` has sessions of its own
DEVELOPMENT_ONLY = ("/demo", "/docs/try/")
USER_FIELDS = ("user_id", "user_ids", "users")
SESSION_FIELDS = ("session_id", "session_ids", "sessions")


@dataclass(frozen=True, slots=True)
class Need:
    """What a route asks of a key: its scope, and whether a publishable one may do."""

    scope: Scope
    publishable: bool = False


NEEDS: dict[tuple[str, str], Need] = {
    **{("GET", f"/v1/{name}"): Need("read", publishable=True) for name in PLACEMENTS},
    ("POST", "/v1/recommendations"): Need("read", publishable=True),
    ("POST", "/v1/events"): Need("write", publishable=True),
    ("POST", "/v1/users/merge"): Need("write", publishable=True),
    ("DELETE", "/v1/users"): Need("admin"),
}
KEY_IN_URL = {*(f"/v1/{name}" for name in PLACEMENTS), "/v1/recommendations", "/v1/events"}
"""Where a publishable key may stand in the URL: a browser then asks another origin at once, without a preflight."""
ANY_OTHER = Need("read")
"""Whatever else there is: secret keys only."""


class Guard:
    """Checks requests against the keys, and tells routes for which users they may act."""

    def __init__(self, keys: KeyRing, secrets: TokenSecrets, limit: RateLimit) -> None:
        self._keys = keys
        self._secrets = secrets
        self._limit = limit

    def check(self) -> None:
        """Let the present request pass, or raise Problem: 401, 403, 404 or 429."""
        path = request.path
        if not self._keys.needed():
            return
        if path == "/" or path.startswith(DEVELOPMENT_ONLY):
            raise Problem(NOT_FOUND, f"{path} is there in development mode only")
        if path.startswith(OPEN) or path.startswith(OWN_DOOR):
            return
        key = self._key()
        need = NEEDS.get((request.method.replace("HEAD", "GET"), path), ANY_OTHER)
        if key.publishable:
            if not need.publishable:
                raise Problem(FORBIDDEN, "a publishable key is not good for this; ask from the shop's own server")
            self._check_browser(path)
        if not key.allows(need.scope):
            raise Problem(FORBIDDEN, f"this needs a key of the scope {need.scope}; this one's is {key.scope}")

    def may_act_for(self, user_id: str, token: str | None = None) -> bool:
        """Tell whether the request may say that it comes from a user: any secret key, or the user's token."""
        key: Key | None = g.get("key")
        if key is None or not key.publishable:
            return True
        return user_id in {self._user_of(text) for text in (token, request.headers.get(USER_TOKEN)) if text}

    def _key(self) -> Key:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            text = next(iter(_in_query("key")), "") if request.path in KEY_IN_URL else ""
        if not text:
            raise Problem(MISSING_KEY, "send a key as Authorization: Bearer KEY; `alsobought keys create` makes one")
        found = self._keys.find(text.strip())
        if found is None:
            raise Problem(INVALID_KEY, "this key is unknown or revoked")
        place, key = found
        if "Authorization" not in request.headers and not key.publishable:
            raise Problem(INVALID_KEY, "a secret key must not stand in a URL; send it as Authorization: Bearer KEY")
        wait = self._limit.wait_seconds(place)
        if wait:
            raise Problem(RATE_LIMITED, f"key {key.id} asks too often; ask again in {wait:.1f} s", retry_after=wait)
        g.key = key
        return key

    def _check_browser(self, path: str) -> None:
        """Refuse what a browser's key is not good for: other people's answers."""
        if path == "/v1/events":
            return  # each event is judged for itself, with its own token
        for user_id in _named(USER_FIELDS):
            if not self.may_act_for(user_id):
                detail = f"with a publishable key, user_id needs a valid token of that user in {USER_TOKEN}"
                raise Problem(USER_TOKEN_NEEDED, detail, "user_id")
        for session_id in _named(SESSION_FIELDS):
            if len(session_id.encode(errors="replace")) < MIN_SESSION_BYTES:
                detail = (
                    f"with a publishable key, session_id must be a secret of {MIN_SESSION_BYTES} characters or more"
                )
                raise Problem(FORBIDDEN, detail, "session_id")

    def _user_of(self, token: str) -> str | None:
        return self._secrets.user_of(token, time.time())


def open_to_all() -> Guard:
    """Return the guard of development mode."""
    return Guard(KeyRing(None), TokenSecrets(), RateLimit(0, 1))


def _in_query(name: str) -> list[str]:
    return [value for given, value in decode_query(request.environ.get("QUERY_STRING", "")) if given == name]


def _named(fields: tuple[str, ...]) -> list[str]:
    """Return all ids that a request names under these fields, in the query or anywhere in its body."""
    found = [value for name in fields for value in _in_query(name)]
    if request.method == "POST":
        try:
            found += _inside(orjson.loads(request.get_data()), fields, under=False)
        except (orjson.JSONDecodeError, RecursionError):
            return found  # the route says what is wrong with it
    return found


def _inside(value: Any, fields: tuple[str, ...], *, under: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _inside(part, fields, under=under or name in fields)
    elif isinstance(value, list):
        for part in value:
            yield from _inside(part, fields, under=under)
    elif under and isinstance(value, (str, int)):
        yield str(value)
