"""An evaluation as tables: each model with its interval, and how far it is from the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from recommender.cli.console import table
from recommender.cli.formats import printable
from recommender.evaluation.measure import main_figure
from recommender.evaluation.previous import Changes
from recommender.evaluation.report import Comparison, EvaluationReport, Row
from recommender.evaluation.verdict import headline

HEADLINE_METRICS = ("recall", "ndcg", "hit_rate", "coverage")
UNDER_MARGIN = "\N{NO-BREAK SPACE}" * len(" ± 0.0000")


def readable(report: EvaluationReport, changes: Changes | None = None) -> Iterator[RenderableType]:
    """Return the verdict, a table per task, and what changed; beyond the main k only headline metrics."""
    yield Text(printable(headline(report)), style="bold")
    for task in report.tasks:
        rows = [row for row in report.rows if row.task == task.name]
        if rows:
            yield ""
            yield _task(report, f"{task.name}: {task.n:,} {task.unit}; {task.asked}", rows)
    if report.calibrations:
        yield ""
        yield _calibrations(report)
    if changes is not None:
        yield ""
        yield from _changes(report, changes)
    if report.rows:
        yield ""
        yield Text("± is half the 95% bootstrap interval; p is two-sided, adjusted (Holm) for all tasks", style="dim")


def _task(report: EvaluationReport, title: str, rows: list[Row]) -> RenderableType:
    compared = {(one.task, one.model, one.metric, one.k): one for one in report.comparisons}
    figures: dict[tuple[str, int], dict[str, Row]] = {}
    ks = [row.k for row in rows]
    gate_k = main_figure(report.gate_metric).k
    main_k = gate_k if gate_k in ks else min(ks)
    for row in rows:
        if row.k != main_k and row.metric not in HEADLINE_METRICS:
            continue
        figures.setdefault((row.metric, row.k), {})[row.model] = row
    others = [model for model in report.models if model != report.baseline]
    lines = [
        (
            f"{metric}@{k}",
            *(_value(by_model.get(model)) for model in report.models),
            *(cell for model in others for cell in _difference(compared.get((rows[0].task, model, metric, k)))),
        )
        for (metric, k), by_model in figures.items()
    ]
    differences = (
        ["difference", "p"] if len(others) == 1 else [f"{one} {name}" for one in others for name in ("-", "p")]
    )
    columns = ("metric", *report.models, *(differences if report.baseline else ()))
    width = len(columns)
    return table(title, columns, (line[:width] for line in lines), right=range(1, width))


def _calibrations(report: EvaluationReport) -> RenderableType:
    lines = [
        (
            one.key,
            f"{one.n:,}",
            f"{one.base_rate:.4f}",
            f"{one.brier:.5f}",
            f"{one.brier_of_base_rate:.5f}",
            f"{one.gain:+.1%}",
        )
        for one in report.calibrations
    ]
    columns = ("scores as chances", "items", "share right", "Brier", "of that share", "better by")
    return table("How good the scores are as chances", columns, lines, right=range(1, 6))


def _changes(report: EvaluationReport, changes: Changes) -> Iterator[RenderableType]:
    ours = report.models[0]
    lines = [
        (one.task, f"{one.metric}@{one.k}", f"{one.before:.4f}", f"{one.now:.4f}", f"{one.now - one.before:+.4f}")
        for one in changes.figures
        if one.model == ours and one.metric in HEADLINE_METRICS
    ]
    yield table(f"{ours} since the previous run", ("task", "metric", "before", "now", "change"), lines, right=(2, 3, 4))
    yield from (printable(note) for note in changes.notes)
    yield from (printable(f"{name}: {before} before, {now} now") for name, before, now in changes.options)


def _value(row: Row | None) -> str | None:
    if row is None:
        return None
    if row.low is None or row.high is None:
        return f"{row.value:.4f}" + UNDER_MARGIN
    digits = 4 if row.value < 10 else 3
    return f"{row.value:.{digits}f} ± {(row.high - row.low) / 2:.{digits}f}"


def _difference(one: Comparison | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    p = f"{one.p_holm:.3f}" if one.p_holm >= 0.001 else "<0.001"
    return f"{one.difference:+.4f} ± {(one.high - one.low) / 2:.4f}", p
