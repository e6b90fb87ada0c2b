"""POST /v1/events: what happens in the shop, durable before it is acknowledged."""

from __future__ import annotations

import time

import orjson
from flask import Blueprint, Response, request

from serving.auth import Guard
from serving.bodies import BEACON, JSON, read_json
from serving.incoming_events import judge
from serving.journal import Journal
from serving.parameters import KEY
from serving.reading import read_parameters
from serving.telemetry import Telemetry


def blueprint(journal: Journal, guard: Guard, telemetry: Telemetry) -> Blueprint:
    """Return the route."""
    routes = Blueprint("events", __name__, url_prefix="/v1")

    @routes.post("/events")
    def events() -> Response:
        read_parameters(request.environ.get("QUERY_STRING", ""), (KEY,))
        judged = judge(read_json((JSON, BEACON)), time.time(), guard.may_act_for)
        journal.append(judged.events)
        telemetry.received(judged.events, judged.accepted, len(judged.rejected))
        body = orjson.dumps({"accepted": judged.accepted, "rejected": judged.rejected})
        response = Response(body, status=202, mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
