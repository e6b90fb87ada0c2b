"""The Flask application: blueprints, error handlers and the headers every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from flask import Flask, Response

from serving import demo, problems
from serving.auth import Guard, open_to_all
from serving.bodies import MAX_BODY_BYTES
from serving.journal import Journal, NoJournal
from serving.live_bundle import BundleSource
from serving.origins import Origins
from serving.routes import events, health, index, metrics, openapi, pages, recommendations, users, why_not, widget
from serving.telemetry import Telemetry

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
HTML_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


class Application(Flask):
    """Flask without asking of every function, in every request, whether it is a coroutine: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself."""
        return func


def create_app(
    bundles: BundleSource,
    journal: Journal | None = None,
    guard: Guard | None = None,
    origins: Collection[str] = (),
    telemetry: Telemetry | None = None,
) -> Flask:
    """Return the application that answers from `bundles`: a `LiveBundle`, or a `FixedBundle` in tests.

    Events go to `journal`; without one they are refused. `guard` decides who may ask what; without one all may, as in
    development mode. Pages of `origins` may ask across origins.
    """
    app = Application(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    journal, guard, cross = journal or NoJournal(), guard or open_to_all(), Origins(origins)
    telemetry = telemetry or Telemetry()
    telemetry.follow(bundles)
    app.before_request(telemetry.begin)
    app.before_request(cross.check)
    app.before_request(guard.check)
    app.after_request(telemetry.end)
    app.after_request(cross.mark)
    app.register_blueprint(recommendations.blueprint(bundles, journal, telemetry))
    app.register_blueprint(pages.blueprint(bundles, journal, telemetry))
    app.register_blueprint(why_not.blueprint(bundles, journal))
    app.register_blueprint(events.blueprint(journal, guard, telemetry))
    app.register_blueprint(users.blueprint(journal))
    app.register_blueprint(metrics.blueprint(bundles, telemetry))
    app.register_blueprint(health.blueprint(bundles))
    app.register_blueprint(openapi.blueprint())
    app.register_blueprint(index.blueprint(bundles))
    app.register_blueprint(widget.blueprint())
    app.register_blueprint(demo.blueprint(bundles))
    problems.install(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Security-Policy"] = DATA_POLICY
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = HTML_POLICY
        response.headers.setdefault("Cache-Control", "no-store")
    return response
