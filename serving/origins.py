"""Cross-origin requests: which pages may ask, compared exactly, and which may change something."""

from __future__ import annotations

from collections.abc import Collection

from flask import Response, request

from serving.problems import FORBIDDEN_ORIGIN, Problem

METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, If-None-Match, X-Request-Id, X-User-Token"
EXPOSED = "ETag, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = 7200
SAFE = ("GET", "HEAD", "OPTIONS")


class Origins:
    """The origins of pages that may ask; a page of this server itself always may."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def check(self) -> Response | None:
        """Answer a preflight request; raise Problem (403) where a foreign page asks for one, or changes something."""
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith("/v1/"):
            return None
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not self._may(origin) and (preflight or request.method not in SAFE):
            raise Problem(
                FORBIDDEN_ORIGIN, f"pages of {origin[:100]!r} may not ask; [serving] origins lists those that may"
            )
        if not preflight:
            return None
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = HEADERS
        answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return answer

    def mark(self, response: Response) -> Response:
        """Tell the browser whether the page may read the answer."""
        if not self._allowed or not request.path.startswith("/v1/"):
            return response
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in self._allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response

    def _may(self, origin: str) -> bool:
        return origin in self._allowed or origin == f"{request.scheme}://{request.host}"
