"""POST /v1/users/merge and DELETE /v1/users: who a session was, and that somebody must be forgotten."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, request

from serving.bodies import read_json
from serving.journal import Journal
from serving.parameters import USER_ID_REQUIRED
from serving.problems import INVALID_BODY, Problem
from serving.reading import read_parameters
from serving.values import text_of


def blueprint(journal: Journal) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("users", __name__, url_prefix="/v1")

    @routes.post("/users/merge")
    def merge() -> Response:
        read_parameters(request.environ.get("QUERY_STRING", ""), ())
        session_id, user_id = _named(read_json(), ("session_id", "user_id"))
        journal.merge(session_id, user_id)
        return _no_content()

    @routes.delete("/users")
    def erase() -> Response:
        values = read_parameters(request.environ.get("QUERY_STRING", ""), (USER_ID_REQUIRED,))
        erased = journal.erase(values["user_id"][0])
        response = Response(orjson.dumps({"events_erased": erased}), mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes


def _named(body: object, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids that a body must hold, and nothing else."""
    if not isinstance(body, dict) or set(body) != set(names):
        raise Problem(INVALID_BODY, f"the body must be an object with {' and '.join(names)}")
    parse = text_of(256)
    found = []
    for name in names:
        try:
            found.append(parse(body[name] if isinstance(body[name], str) else ""))
        except ValueError as error:
            raise Problem(INVALID_BODY, f"{name} {error}", name) from None
    return tuple(found)


def _no_content() -> Response:
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    return response
