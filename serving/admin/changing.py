"""What changes something: signing in and out, and a promotion or rollback, each on a page that asks first.

A change is a POST with the form token of the session, on record in the store (`recommender.bundle.changes`) and logged.
"""

from __future__ import annotations

import logging

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from recommender.bundle import Store, changes
from recommender.errors import AlsoboughtError, StoreError
from serving.admin.door import Door
from serving.admin.office import Office
from serving.problems import INVALID_PARAMETER, Problem

ACTIONS = ("promote", "rollback")

log = logging.getLogger(__name__)


def rollback_target(store: Store) -> str | None:
    """Return the version that a rollback goes to, None where there is none."""
    try:
        return store.before()
    except StoreError:
        return None


def install(routes: Blueprint, office: Office, door: Door) -> None:
    """Add the routes."""

    @routes.post("/sign-in")
    def take_key() -> Response | tuple[str, int]:
        if not door.sessions.shared:
            return redirect(url_for("admin.sign_in"), 303)
        try:
            key = door.admin_key(request.form.get("key", "").strip())
        except Problem as problem:
            log.warning("request %s: sign-in to the operator's page refused: %s", g.request_id, problem.detail)
            page = render_template("admin/sign_in.html", **door.sign_in_page(wrong=problem.detail))
            return page, problem.kind.status
        return door.let_in(key, redirect(url_for("admin.overview_page"), 303))

    @routes.post("/sign-out")
    def sign_out() -> Response:
        door.check_form()
        return door.let_out(redirect(url_for("admin.sign_in"), 303))

    @routes.get("/versions/<action>")
    def confirm(action: str) -> str:
        version = request.args.get("version", "")
        live = office.store.current()
        _require_action(action)
        to = office.store.manifest(version)
        before = None if live is None else office.store.manifest(live)
        return render_template(
            "admin/confirm.html", action=action, to=to, before=before, live=live, metric=office.config.gate.metric
        )

    @routes.post("/versions/<action>")
    def change(action: str) -> Response | tuple[str, int]:
        operator = door.check_form()
        _require_action(action)
        version, seen = request.form.get("version", ""), request.form.get("live") or None
        log.warning("request %s: %s asks for %s of %r", g.request_id, operator.name, action, version)
        try:
            if action == "promote":
                changes.promote(office.store, version, operator.name, seen=seen)
            else:
                changes.roll_back(office.store, version, operator.name, seen=seen)
        except AlsoboughtError as error:
            log.warning("request %s: %s of %r failed: %s", g.request_id, action, version, error)
            return render_template("admin/failed.html", action=action, version=version, error=error), 409
        return redirect(url_for("admin.versions_page", changed=version), 303)


def _require_action(action: str) -> None:
    if action not in ACTIONS:
        raise Problem(INVALID_PARAMETER, f"a version can be changed by {' or '.join(ACTIONS)} only", "action")
