"""GET /healthz and /readyz: is the process alive, and does it have a model."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from flask import Blueprint, Response
from pydantic import BaseModel

from serving.answers import Health, Readiness
from serving.live_bundle import BundleSource
from serving.problems import Problem
from serving.telemetry import model_age_seconds


def blueprint(bundles: BundleSource) -> Blueprint:
    """Return both routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return _json(Health(), 200)

    @routes.get("/readyz")
    def readyz() -> Response:
        failed = bundles.failed_version()
        try:
            bundle = bundles.bundle()
        except Problem as problem:
            return _json(Readiness(status=problem.kind.name, failed_version=failed), problem.kind.status)
        return _json(
            Readiness(
                status="ready",
                model_version=bundle.version,
                model_created_at=bundle.manifest.created_at,
                model_age_seconds=model_age_seconds(bundle, datetime.now(UTC)),
                failed_version=failed,
            ),
            200,
        )

    return routes


def _json(document: BaseModel, status: int) -> Response:
    response = Response(
        orjson.dumps(document.model_dump(exclude_none=True)), status=status, mimetype="application/json"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
