"""GET /v1/<placement>: one route for every placement of the engine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache, partial

import orjson
from flask import Blueprint, Response, request

from recommender.bundle import Bundle
from recommender.placements import PLACEMENTS, Placement, Query, recommend, shop_rules
from serving.journal import Journal
from serving.live_bundle import BundleSource, per_bundle
from serving.reading import read_query
from serving.telemetry import Served, Telemetry

SHARED = "public, max-age=60"
PERSONAL = "private, no-store"
JSON = "application/json"

# Whoever asks decides what is kept in a worker's memory, so these bounds together are what that may cost: about 30 MB.
KEPT_ANSWERS = 4096
KEPT_QUERIES = 4096
KEPT_K = 24
KEPT_WORDS = 200


def blueprint(bundles: BundleSource, journal: Journal, telemetry: Telemetry) -> Blueprint:
    """Return the routes of all placements."""
    routes = Blueprint("recommendations", __name__, url_prefix="/v1")
    kept = per_bundle(bundles, lambda bundle: (bundle, lru_cache(KEPT_ANSWERS)(partial(_serialised, journal, bundle))))

    def answer(placement: Placement) -> Response:
        text = request.environ.get("QUERY_STRING", "")
        query = known_query(placement, text) if len(text) <= KEPT_WORDS else read_query(placement, text)
        personal = is_personal(placement, query)
        if personal or not is_small(query):
            found = _serialised(journal, bundles.bundle(), query)
        else:
            bundle, answers = kept()
            found = answers(query, shop_rules(bundle).bounds(time.time())[0])
        telemetry.served(found.served)
        return _personal(found) if personal else _shared(found)

    for placement in PLACEMENTS.values():
        view = partial(answer, placement)
        routes.add_url_rule(f"/{placement.name}", endpoint=placement.name, view_func=view)
    return routes


@lru_cache(KEPT_QUERIES)
def known_query(placement: Placement, text: str) -> Query:
    """Return `read_query` of a short query string, read before or not."""
    return read_query(placement, text)


def is_personal(placement: Placement, query: Query) -> bool:
    """Tell whether an answer depends on who asks, so that no cache may keep it."""
    return placement.anchor == "user" or query.user_id is not None or query.session_id is not None


def is_small(query: Query) -> bool:
    """Tell whether a question and its answer take so little room that they may be kept in memory."""
    words = sum(map(len, query.filter))
    return query.k <= KEPT_K and words <= KEPT_WORDS and not (query.exclude or query.fields or query.explain)


@dataclass(frozen=True, slots=True)
class Serialised:
    """An answer as it is sent."""

    rec_id: str
    body: bytes
    served: Served


def _serialised(journal: Journal, bundle: Bundle, query: Query, now: float | None = None) -> Serialised:
    slate = recommend(bundle, query, journal.recent(bundle, query), now=now)
    journal.served(query, slate)
    return Serialised(slate.rec_id, orjson.dumps(slate.to_dict()), Served.of(slate))


def _personal(answer: Serialised) -> Response:
    return Response(answer.body, headers=[("Cache-Control", PERSONAL)], content_type=JSON)


def _shared(answer: Serialised) -> Response:
    headers = [("Cache-Control", SHARED), ("ETag", f'"{answer.rec_id}"')]
    response = Response(answer.body, headers=headers, content_type=JSON)
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response
