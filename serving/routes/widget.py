"""GET /widget.js and its like: the scripts of the widget, for pages of any origin, and what pins one of them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from serving.problems import NOT_FOUND, Problem
from serving.widget import Script, scripts, version

SHORTLY = "public, max-age=300"
FOR_GOOD = "public, max-age=31536000, immutable"


def blueprint() -> Blueprint:
    """Return the routes."""
    routes = Blueprint("widget", __name__)
    found = scripts()
    pinned = f"widget-{version()}.js"

    @routes.get("/widget.js")
    @routes.get("/widget-languages.js")
    def latest() -> Response:
        return _sent(found[request.path[1:]], SHORTLY)

    @routes.get("/widget-<release>.js")
    def released(release: str) -> Response:
        script = found.get(f"widget-{release}.js")
        if script is None:
            raise Problem(NOT_FOUND, f"there is no widget {release!r} here; /{pinned} is the present one")
        return _sent(script, FOR_GOOD)

    @routes.get("/widget.json")
    def pin() -> dict[str, str | int]:
        script = found[pinned]
        return {
            "version": version(),
            "url": f"/{pinned}",
            "integrity": script.integrity,
            "gzipped_bytes": len(script.gzipped),
        }

    return routes


def _sent(script: Script, cache: str) -> Response:
    response = Response(script.body, mimetype="text/javascript")
    if request.accept_encodings["gzip"]:
        response.set_data(script.gzipped)
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = cache
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.vary.add("Accept-Encoding")
    response.set_etag(script.integrity[7:27].replace("/", "_"))
    response.make_conditional(request)
    return response
