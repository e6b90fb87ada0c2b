"""GET /v1/why-not: where one item stands in an answer, and the step that removed it."""

from __future__ import annotations

from dataclasses import replace

import orjson
from flask import Blueprint, Response, request

from recommender.errors import QueryError, UnknownIdError
from recommender.placements import PLACEMENTS, explain
from serving.journal import Journal
from serving.live_bundle import BundleSource
from serving.parameters import WHY_NOT
from serving.problems import Problem, problem_of
from serving.reading import query_of, read_parameters


def blueprint(bundles: BundleSource, journal: Journal) -> Blueprint:
    """Return the route."""
    routes = Blueprint("why_not", __name__, url_prefix="/v1")

    @routes.get("/why-not")
    def why_not() -> Response:
        values = read_parameters(request.environ.get("QUERY_STRING", ""), WHY_NOT)
        placement, item_id = PLACEMENTS[values.pop("placement")[0]], values.pop("item_id")[0]
        anchors = values.pop("anchor_id", ())
        query = replace(query_of(placement, values), item_ids=anchors)
        bundle = bundles.bundle()
        try:
            found = explain(bundle, query, item_id, journal.recent(bundle, query))
        except (QueryError, UnknownIdError) as error:
            if error.parameter != "item_id":
                raise
            raise Problem(problem_of(error).kind, f"anchor_id: {error}", "anchor_id") from None
        response = Response(orjson.dumps(found.to_dict()), mimetype="application/json")
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return routes
