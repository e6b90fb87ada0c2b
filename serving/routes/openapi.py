"""GET /openapi.json, the page /docs made from the same description, and the pages of the problem types."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from serving.api_description import openapi_document, operations
from serving.problems import PROBLEM_TYPES
from serving.widget import scripts, version


def blueprint() -> Blueprint:
    """Return the routes."""
    routes = Blueprint("openapi", __name__)
    document = orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2)
    pinned = f"widget-{version()}.js"
    integrity = scripts()[pinned].integrity
    described = {operation.name: operation for operation in operations()}

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(document, mimetype="application/json")

    @routes.get("/docs")
    def docs() -> str:
        return render_template(
            "docs.html",
            operations=described.values(),
            problems=PROBLEM_TYPES.values(),
            pinned=pinned,
            integrity=integrity,
        )

    @routes.get("/docs/try/<name>")
    def try_it(name: str) -> BaseResponse:
        """Drop the fields of a form that were left empty, which the API itself would refuse."""
        if name not in described or described[name].method != "get":
            raise NotFound
        filled = [(field, text) for field, text in request.args.items(multi=True) if text]
        query = urlencode(filled)
        return redirect(described[name].path + (f"?{query}" if query else ""))

    @routes.get("/problems/<name>")
    def problem(name: str) -> str:
        if name not in PROBLEM_TYPES:
            raise NotFound
        return render_template("problem.html", problem=PROBLEM_TYPES[name])

    return routes
