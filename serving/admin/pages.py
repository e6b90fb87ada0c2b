"""The routes of the operator's page that only look; `changing.py` has those that change something."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from recommender.bundle import changes
from recommender.errors import QueryError, StoreError, UnknownIdError
from recommender.event_log import EventLogError
from recommender.placements import PLACEMENTS
from recommender.placements.reasons import title
from serving.admin import asking, changing, formats, overview, training
from serving.admin.door import Door
from serving.admin.office import Office
from serving.admin.traffic import PERIODS, chart, traffic
from serving.problems import INVALID_PARAMETER, NO_MODEL, NOT_FOUND, Problem

DAYS = (1, 7, 30)
RECENT_CHANGES = 10
OVERVIEW_PERIOD = "5m"


def blueprint(office: Office, door: Door) -> Blueprint:
    """Return the routes of the operator's page."""
    routes = Blueprint(
        "admin", __name__, url_prefix="/admin", template_folder="templates", static_folder="static",
        static_url_path="/static",
    )  # fmt: skip
    routes.before_request(door.check)
    changing.install(routes, office, door)

    @routes.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            **formats.WORDS,
            "operator": g.get("operator"),
            "development": not door.needs_key,
            "process": os.getpid(),
        }

    @routes.get("/")
    def overview_page() -> str:
        now = office.samples.now()
        found, counted = overview.live(office, now), traffic(office.samples, now, OVERVIEW_PERIOD)
        return render_template(
            "admin/overview.html",
            live=found,
            traffic=counted,
            chart=chart(office.samples, now),
            alarms=overview.alarms(office, found, counted),
            runs=[training.Run(one) for one in overview.last_runs(office, 5)],
            changes=changes.changes(office.store.path)[:-4:-1],
        )

    @routes.get("/traffic")
    def traffic_page() -> str:
        period = _chosen("period", PERIODS, OVERVIEW_PERIOD)
        now = office.samples.now()
        counted = traffic(office.samples, now, period)
        return render_template(
            "admin/traffic.html", traffic=counted, period=period, periods=PERIODS, chart=chart(office.samples, now)
        )

    @routes.get("/outcomes")
    def outcomes_page() -> str:
        days = int(_chosen("days", [str(one) for one in DAYS], "7"))
        placement = _chosen("placement", ["", *PLACEMENTS], "")
        since = time.time() - days * 86_400
        found: dict[str, Any] = {"outcomes": [], "items": [], "down": None}
        if office.event_log is None:
            found["down"] = "This server keeps no event log; [serving] event_log names one."
        else:
            try:
                found["outcomes"] = office.event_log.outcomes(since)
                found["items"] = office.event_log.top_items(since, placement or None)
            except EventLogError as error:
                found["down"] = str(error)
        return render_template(
            "admin/outcomes.html", **found, days=days, all_days=DAYS, placement=placement, placements=PLACEMENTS,
            title_of=_titles(office),
        )  # fmt: skip

    @routes.get("/training")
    def training_page() -> str:
        found = [training.Run(one) for one in overview.last_runs(office, training.SHOWN)]
        return render_template("admin/training.html", runs=found)

    @routes.get("/training/<int:number>")
    def run_page(number: int) -> str:
        run = next((one for one in overview.last_runs(office, 0) if one["run"] == number), None)
        if run is None:
            raise Problem(NOT_FOUND, f"there is no record of a run {number}")
        return render_template("admin/run.html", run=training.Run(run))

    @routes.get("/versions")
    def versions_page() -> str:
        found = overview.live(office, office.samples.now())
        return render_template(
            "admin/versions.html",
            live=found,
            versions=office.store.versions()[::-1],
            metric=office.config.gate.metric,
            reload=formats.duration(office.config.serving.reload_seconds),
            rollback=changing.rollback_target(office.store),
            changes=changes.changes(office.store.path)[: -RECENT_CHANGES - 1 : -1],
        )

    @routes.get("/ask")
    def ask_page() -> tuple[str, int]:
        form = asking.read_form(request.args)
        bundle = office.bundles.bundle()
        found: dict[str, Any] = {"answered": None, "wrong": None}
        if "placement" in request.args:
            try:
                found["answered"] = asking.answer(bundle, office.journal, form)
            except (Problem, QueryError, UnknownIdError) as error:
                found["wrong"] = asking.in_words(error)
        page = render_template(
            "admin/ask.html", **found, form=form, placements=PLACEMENTS, samples=asking.samples(bundle), bundle=bundle
        )
        return page, 400 if found["wrong"] else 200

    @routes.get("/sign-in")
    def sign_in() -> str | Response:
        if g.operator is not None:
            return redirect(url_for("admin.overview_page"), 303)
        return render_template("admin/sign_in.html", **door.sign_in_page())

    @routes.get("/<path:rest>")
    def nowhere(rest: str) -> str:
        raise Problem(NOT_FOUND, f"there is no page {rest!r} here")

    @routes.errorhandler(Problem)
    def problem_page(problem: Problem) -> tuple[str, int]:
        return render_template("admin/problem.html", problem=problem), problem.kind.status

    @routes.errorhandler(StoreError)
    def store_page(error: StoreError) -> tuple[str, int]:
        return problem_page(Problem(NO_MODEL, str(error)))

    return routes


def _chosen(name: str, known: Collection[str], default: str) -> str:
    found = request.args.get(name, default)
    if found not in known:
        raise Problem(INVALID_PARAMETER, f"{name} must be one of {', '.join(filter(None, known))}", name)
    return found


def _titles(office: Office) -> Callable[[str], str]:
    """Return what tells the title of an item of this worker's bundle, else its id."""
    try:
        bundle = office.bundles.bundle()
    except Problem:
        return str

    def title_of(item_id: str) -> str:
        item = bundle.items.index_of(item_id)
        return item_id if item is None else title(bundle, item)

    return title_of
