"""GET /metrics: what Prometheus scrapes, all workers together."""

from __future__ import annotations

from flask import Blueprint, Response

from serving.live_bundle import BundleSource
from serving.telemetry import Telemetry


def blueprint(bundles: BundleSource, telemetry: Telemetry) -> Blueprint:
    """Return the route."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> Response:
        body, media_type = telemetry.exposition(bundles)
        response = Response(body, content_type=media_type)
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes
