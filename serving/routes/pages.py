"""POST /v1/recommendations: the placements of a page at once, no item twice, for one visitor or for many users."""

from __future__ import annotations

from functools import cache

import orjson
from flask import Blueprint, Response, request

from recommender.dataset import Recent
from recommender.placements import PageError, Query, recommend_page
from serving.bodies import BEACON, JSON, read_json
from serving.journal import Journal
from serving.live_bundle import BundleSource
from serving.pages import read_pages
from serving.parameters import KEY
from serving.problems import problem_of
from serving.reading import read_parameters
from serving.telemetry import Served, Telemetry


def blueprint(bundles: BundleSource, journal: Journal, telemetry: Telemetry) -> Blueprint:
    """Return the route."""
    routes = Blueprint("pages", __name__, url_prefix="/v1")

    @routes.post("/recommendations")
    def pages() -> Response:
        read_parameters(request.environ.get("QUERY_STRING", ""), (KEY,))
        asked = read_pages(read_json((JSON, BEACON)))
        bundle = bundles.bundle()

        @cache  # a page asks once for what its visitor just did
        def recent_of(user_id: str | None, session_id: str | None) -> Recent:
            return journal.recent(bundle, Query("", user_id=user_id, session_id=session_id))

        answers = []
        for page in asked:
            try:
                slates = recommend_page(bundle, page.queries, lambda query: recent_of(query.user_id, query.session_id))
            except PageError as error:
                raise problem_of(error.cause, f"placements[{error.place}].") from None
            for query, slate in zip(page.queries, slates, strict=True):
                journal.served(query, slate)
                telemetry.served(Served.of(slate))
            answers.append({"user_id": page.user_id, "slates": [slate.to_dict() for slate in slates]})
        body = orjson.dumps({"model_version": bundle.version, "pages": answers})
        response = Response(body, mimetype="application/json")
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return routes
