"""STORE/runs/index.html: the last thirty runs on one page, to be read in a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from recommender.bundle.runs import RUNS, records
from recommender.bundle.store import replace_file
from recommender.errors import disk_errors
from recommender.evaluation.charts import Series, interval_bar, line_chart, nice_scale
from recommender.evaluation.html import COLOURS
from recommender.evaluation.page import details, figure, page, section, table
from recommender.evaluation.runner import BASELINE

SHOWN = 30
PAGE = "index.html"
NOTHING = "–"  # noqa: RUF001
MOODS = {"promoted": "good", "published": "good", "dry run": "good", "running": "open", "stopped": "open"}

Run = Mapping[str, Any]


def write_page(store: Path) -> Path:
    """Draw the page anew and return its path.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    path = store / RUNS / PAGE
    with disk_errors(path):
        replace_file(path, render(records(store)[-SHOWN:]).encode())
    return path


def render(runs: Sequence[Run]) -> str:
    """Return the page of the runs, oldest first; everything in it is escaped."""
    if not runs:
        return page("Nightly runs", [section(["<h1>Nightly runs</h1>", "<p>No run yet.</p>"])])
    newest_first = list(reversed(runs))
    return page(
        "Nightly runs",
        [_head(newest_first[0]), _overview(newest_first), _charts(runs), *(_details(run) for run in newest_first)],
    )


def _head(run: Run) -> str:
    said = run["message"] or run["verdict"] or run["outcome"]
    return "\n".join(
        [
            "<header>",
            f"<h1>Run {run['run']}, begun {escape(run['started_at'])}</h1>",
            f'<p class="verdict {MOODS.get(run["outcome"], "bad")}">{escape(_outcome(run))}: {escape(said)}.</p>',
            *(
                f'<p class="warning">{escape(str(one["check"]))}: {escape(one["explanation"])}.</p>'
                for one in run["findings"]
            ),
            "</header>",
        ]
    )


def _overview(runs: Sequence[Run]) -> str:
    figures = [run["figure"] for run in runs if run["figure"]]
    scale = nice_scale([edge for one in figures for edge in (one["low"], one["high"])], from_zero=True)
    metric = next((f"{one['metric']}@{one['k']}" for one in figures), "metric")
    head = (
        "run",
        "begun",
        "outcome",
        "version",
        metric,
        "",
        "to best sellers",
        "events",
        "new",
        "items",
        "churn",
        "time",
    )
    rows = [
        [
            str(run["run"]),
            f'<span class="model">{escape(run["started_at"][:16].replace("T", " "))}</span>',
            f'<span class="{MOODS.get(run["outcome"], "bad")}">{escape(_outcome(run))}</span>',
            escape(run["version"] or NOTHING),
            _figure_bar(run["figure"], scale),
            f"{run['figure']['value']:.4f}" if run["figure"] else NOTHING,
            _difference(run),
            _count(run["data"].get("events")),
            _count(run["data"].get("new_events")),
            _count(run["data"].get("items")),
            _guardrail(run, "churn of lists"),
            f"{sum(stage['seconds'] for stage in run['stages']):.0f} s",
        ]
        for run in runs
    ]
    return section(["<h2>Last runs</h2>", table(head, rows, numbers=(0, 5, 6, 7, 8, 9, 10, 11), kind="runs")])


def _charts(runs: Sequence[Run]) -> str:
    """Return metric, data volume, stage times and drift over the runs."""
    best = [_against(run, BASELINE) for run in runs]
    charts = [
        _chart(
            runs,
            "Metric",
            "the candidate on its holdout, best sellers there, and the live version since its cut",
            {
                "candidate": [run["figure"].get("value") for run in runs],
                BASELINE: [None if one is None else one["theirs"] for one in best],
                "live since its cut": [(run["live_since_cut"] or {}).get("value") for run in runs],
            },
        ),
        _chart(runs, "Data", "millions of events", {"events": [_millions(run["data"].get("events")) for run in runs]}),
        _chart(
            runs,
            "Time",
            "seconds of the longest stages",
            {name: _seconds(runs, name) for name in _longest_stages(runs)},
        ),
        _chart(
            runs,
            "Drift",
            "share of the lists that changed; popularity of what is shown, times live",
            {"churn": _measured(runs, "churn of lists"), "popularity": _measured(runs, "popularity, times live")},
        ),
    ]
    return section(["<h2>Over time</h2>", '<div class="charts">', *charts, "</div>"])


def _chart(runs: Sequence[Run], title: str, caption: str, lines: Mapping[str, Sequence[float | None]]) -> str:
    series = [
        Series(name, colour, [(number, value) for number, value in enumerate(values) if value is not None])
        for colour, (name, values) in enumerate(lines.items())
        if any(value is not None for value in values)
    ]
    if not series:
        return ""
    every = -(-len(runs) // 8)
    named = [(float(number), str(run["run"])) for number, run in enumerate(runs)][::every]
    largest = max(y for one in series for _, y in one.points)
    last = "; ".join(f"{one.name} {one.points[-1][1]:.4g} at last" for one in series)
    chart = line_chart(
        f"{title}: {last}", "run", title.lower(), series, x_max=max(len(runs) - 1, 1), y_max=largest, x_ticks=named
    )
    legend = " ".join(f'<span class="model"><i class="m{one.colour}"></i>{escape(one.name)}</span>' for one in series)
    return f'<div><p class="legend">{legend}</p>{figure(chart, f"{title}: {caption}.")}</div>'


def _details(run: Run) -> str:
    stages = [
        [
            escape(one["name"]),
            f"{one['seconds']:.1f} s",
            _count(one["rows"]),
            _mb(one["memory_bytes"]),
            _mb(one["peak_bytes"]),
        ]
        for one in run["stages"]
    ]
    findings = [[escape(one[key]) for key in ("check", "severity", "explanation", "remedy")] for one in run["findings"]]
    guardrails = [
        [
            escape(one["name"]),
            f"{one['value']:.4g}",
            _limit(one["least"]),
            _limit(one["most"]),
            "kept" if one["kept"] else "broken",
        ]
        for one in run["guardrails"]
    ]
    parts = [
        f"<p>{escape(run['verdict'])}</p>" if run["verdict"] else "",
        f"<p>{escape(run['message'])}</p>" if run["message"] else "",
        *(f'<p class="warning">{escape(said)}</p>' for said in run["overruled"]),
        table(("stage", "time", "rows", "memory", "peak"), stages, numbers=(1, 2, 3, 4)),
        table(("check", "severity", "found", "what to do"), findings) if findings else "",
        table(("guardrail", "value", "least", "most", ""), guardrails, numbers=(1, 2, 3)) if guardrails else "",
    ]
    return details(f"Run {run['run']}, {run['started_at']}: {_outcome(run)}", "\n".join(filter(None, parts)))


def _outcome(run: Run) -> str:
    code = run["exit_code"]
    return run["outcome"] if not code else f"{run['outcome']} ({code})"


def _figure_bar(found: Run, scale: tuple[float, float]) -> str:
    return interval_bar(found["value"], found["low"], found["high"], scale, 0) if found else ""


def _difference(run: Run) -> str:
    found = _against(run, BASELINE)
    return NOTHING if found is None else f"{found['difference']:+.4f}"


def _against(run: Run, name: str) -> Run | None:
    return next((one for one in run["gate"].get("comparisons", ()) if one["against"] == name), None)


def _guardrail(run: Run, name: str) -> str:
    value = _guardrail_value(run, name)
    return NOTHING if value is None else f"{value:.0%}"


def _guardrail_value(run: Run, name: str) -> float | None:
    return next((float(one["value"]) for one in run["guardrails"] if one["name"] == name), None)


def _measured(runs: Sequence[Run], name: str) -> list[float | None]:
    return [_guardrail_value(run, name) for run in runs]


def _longest_stages(runs: Sequence[Run]) -> list[str]:
    """Return the stages that take the most time, at most as many as there are colours, in the order of a run."""
    longest: dict[str, float] = {}
    for stage in (stage for run in runs for stage in run["stages"]):
        longest[stage["name"]] = max(longest.get(stage["name"], 0.0), stage["seconds"])
    shown = sorted(longest, key=lambda name: -longest[name])[:COLOURS]
    return [name for name in longest if name in shown]


def _seconds(runs: Sequence[Run], name: str) -> list[float | None]:
    return [next((float(one["seconds"]) for one in run["stages"] if one["name"] == name), None) for run in runs]


def _millions(count: int | None) -> float | None:
    return None if count is None else count / 1e6


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.0f} MB"


def _limit(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
