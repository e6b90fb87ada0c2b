"""GET /: what is here, for a person who opens the address in a browser."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, current_app, render_template

from serving.api_description import operations
from serving.live_bundle import BundleSource
from serving.problems import Problem
from serving.telemetry import model_age_seconds


def blueprint(bundles: BundleSource) -> Blueprint:
    """Return the route."""
    routes = Blueprint("index", __name__)

    @routes.get("/")
    def index() -> str:
        return render_template(
            "index.html", operations=operations(), facts=_facts(bundles), admin="admin" in current_app.blueprints
        )

    return routes


def _facts(bundles: BundleSource) -> dict[str, str]:
    try:
        bundle = bundles.bundle()
    except Problem as problem:
        return {"Model": problem.detail}
    return {
        "Model": bundle.version,
        "Trained": f"{_in_words(model_age_seconds(bundle, datetime.now(UTC)))} ago",
        "Items": f"{len(bundle.items):,}",
        "Customers": f"{len(bundle.users):,}",
    }


def _in_words(seconds: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} s"
