"""GET /v1/<placement>: one route for every placement of the engine."""

from __future__ import annotations

from functools import partial

import orjson
from flask import Blueprint, Response, request

from recommender.placements import PLACEMENTS, Placement, Query, recommend
from serving.live_bundle import BundleSource
from serving.parameters import read_query

SHARED = "public, max-age=60"
PERSONAL = "private, no-store"


def blueprint(bundles: BundleSource) -> Blueprint:
    """Return the routes of all placements."""
    routes = Blueprint("recommendations", __name__, url_prefix="/v1")
    for placement in PLACEMENTS.values():
        view = partial(_answer, bundles, placement)
        routes.add_url_rule(f"/{placement.name}", endpoint=placement.name, view_func=view)
    return routes


def is_personal(placement: Placement, query: Query) -> bool:
    """Tell whether an answer depends on who asks, so that no cache may keep it."""
    return placement.anchor == "user" or query.user_id is not None or query.session_id is not None


def _answer(bundles: BundleSource, placement: Placement) -> Response:
    query = read_query(placement, request.environ.get("QUERY_STRING", ""))
    slate = recommend(bundles.bundle(), query)
    response = Response(
        orjson.dumps(slate.to_dict(), option=orjson.OPT_SERIALIZE_NUMPY), mimetype="application/json"
    )
    if is_personal(placement, query):
        response.headers["Cache-Control"] = PERSONAL
        return response
    response.headers["Cache-Control"] = SHARED
    response.set_etag(slate.rec_id)
    response.make_conditional(request)
    return response
