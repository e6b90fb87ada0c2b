"""The Flask application: blueprints, error handlers and the headers every answer carries."""

from __future__ import annotations

from flask import Flask, Response

from serving import demo, problems
from serving.bodies import MAX_BODY_BYTES
from serving.journal import Journal, NoJournal
from serving.live_bundle import BundleSource
from serving.routes import events, health, index, openapi, recommendations, users

HTML_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


def create_app(bundles: BundleSource, journal: Journal | None = None) -> Flask:
    """Return the application that answers from `bundles`: a `LiveBundle`, or a `FixedBundle` in tests.

    Events go to `journal`; without one they are refused.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    journal = journal or NoJournal()
    app.register_blueprint(recommendations.blueprint(bundles, journal))
    app.register_blueprint(events.blueprint(journal))
    app.register_blueprint(users.blueprint(journal))
    app.register_blueprint(health.blueprint(bundles))
    app.register_blueprint(openapi.blueprint())
    app.register_blueprint(index.blueprint(bundles))
    app.register_blueprint(demo.blueprint(bundles, journal))
    problems.install(app)
    app.after_request(_secure)
    return app


def _secure(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = HTML_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
    return response
