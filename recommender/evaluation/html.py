"""The report as one HTML page that opens offline: its style and its drawings stand in it, and it loads nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from itertools import groupby
from math import log10
from pathlib import Path

import numpy as np

from recommender.errors import StoreError
from recommender.evaluation.charts import Series, interval_bar, line_chart, nice_scale
from recommender.evaluation.measure import main_figure
from recommender.evaluation.metrics import RANKING_METRICS
from recommender.evaluation.page import details, facts, figure, page, section, table
from recommender.evaluation.previous import Changes
from recommender.evaluation.reliability_chart import reliability_chart
from recommender.evaluation.report import Comparison, Curve, EvaluationReport, Example, Row, ShownItem, SliceRow
from recommender.evaluation.verdict import headline, main_comparisons, sentence

MEANINGS = {
    "recall": "found among the first k, of min(k, relevant)",
    "recall_all": "found among the first k, of all relevant",
    "precision": "share of the k places that hit",
    "ndcg": "hits, those at the top counting more; 1 is the best possible slate",
    "hit_rate": "share of slates with any hit",
    "mrr": "1 / rank of the first hit",
    "map": "precision at the ranks of the hits, over all relevant",
    "revenue": "price of the hits over that of the best possible slate",
    "popularity": "share of buyers who bought the items shown",
    "novelty": "surprise of the items shown, in bits",
    "diversity": "share of pairs of items from different categories",
    "fallback": "share of items from a fallback source",
    "coverage": "share of the items that stand in any slate",
    "gini": "0: all items are shown equally often; 1: one takes all places",
}
COLOURS = 6
MOST_RANKED = 8  # metrics, each at its k; where there are more, only those at the main k are drawn
TELLING = 30  # the wide intervals of smaller slices run out of their cell, so that those of the others can be seen
HOW_TO_READ = """\
Each figure is a mean over cases. Its interval holds the true mean in 95 of 100 such samples of users; it does not cover
another choice of the period. p is the chance of so large a difference if neither model were better, adjusted (Holm)
where several are compared. Offline figures rank configurations; what they earn, only a test with customers tells."""
MAIN_CHANGES = ("recall", "ndcg", "hit_rate", "coverage")


def render(report: EvaluationReport, changes: Changes | None = None) -> str:
    """Return the page; every id and title in it is escaped."""
    sections = [
        _verdict(report),
        _since(report, changes),
        *(_task(report, record.name) for record in report.tasks if record.n),
        _examples(report),
        _origin(report),
        _glossary(report),
    ]
    return page("Offline evaluation", sections)


def write_html(path: Path, report: EvaluationReport, changes: Changes | None = None) -> None:
    """Write the page.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    try:
        path.write_text(render(report, changes), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error.strerror}") from None


def _verdict(report: EvaluationReport) -> str:
    others = [sentence(report, one) for one in main_comparisons(report)]
    said = headline(report)
    parts = [
        "<header>",
        "<h1>Offline evaluation</h1>",
        f'<p class="verdict {_mood(main_comparisons(report))}">{escape(said)}.</p>',
        *(f"<p>{escape(text)}.</p>" for text in others if text != said),
        *(f'<p class="warning">Warning: {escape(text)}.</p>' for text in report.warnings),
    ]
    if report.split is not None:
        counts = report.split.counts
        counted = [
            ("split", report.split.kind.replace("_", " ")),
            ("training events", f"{counts.train_events:,}"),
            ("test events", f"{counts.test_events:,}"),
            ("cold test users", f"{counts.cold_users:,} of {counts.test_users:,}"),
            ("cold test items", f"{counts.cold_items:,} of {counts.test_items:,}"),
            *((record.name, f"{record.n:,} {record.unit}") for record in report.tasks),
        ]
        parts.append(facts(counted))
        parts.append(f'<p class="quiet">{escape(_sentence(report.split.note))}</p>')
    return "\n".join([*parts, "</header>"])


def _mood(main: Sequence[Comparison]) -> str:
    if not main:
        return "open"
    return {1: "good", 0: "open", -1: "bad"}[main[0].direction]


def _since(report: EvaluationReport, changes: Changes | None) -> str:
    if changes is None:
        return ""
    ours = [one for one in changes.figures if one.metric in MAIN_CHANGES and one.model == report.models[0]]
    main_k = main_figure(report.gate_metric).k
    shown = [one for one in ours if one.k == main_k] or ours
    rows = [
        [
            escape(one.task),
            escape(f"{one.metric}@{one.k}"),
            _number(one.before),
            _number(one.now),
            f"<b>{one.now - one.before:+.4f}</b>" if one.clear else f"{one.now - one.before:+.4f}",
        ]
        for one in shown
    ]
    parts = [
        f"<h2>{escape(report.models[0])} since the previous run</h2>",
        *(f"<p>{escape(note)}</p>" for note in changes.notes),
        table(("task", "metric", "before", "now", "change"), rows, numbers=(2, 3, 4)),
        '<p class="quiet">In bold: the two 95% intervals do not overlap.</p>',
    ]
    if changes.options:
        options = [[f"<code>{escape(name)}</code>", escape(a), escape(b)] for name, a, b in changes.options]
        parts.append(table(("option", "before", "now"), options))
    elif changes.same_data:
        parts.append("<p>Data and configuration are the same.</p>")
    return section(parts)


def _task(report: EvaluationReport, task: str) -> str:
    record = next(one for one in report.tasks if one.name == task)
    rows = [row for row in report.rows if row.task == task]
    k = main_figure(report.gate_metric).k
    ks = sorted({row.k for row in rows})
    shown_k = k if k in ks else ks[0]
    ranking = [row for row in rows if row.metric in RANKING_METRICS]
    few = len({(row.metric, row.k) for row in ranking}) <= MOST_RANKED
    parts = [
        f"<h2>{escape(task)}</h2>",
        f'<p class="quiet">{record.n:,} {escape(record.unit)}; relevant: {escape(record.asked)}.</p>',
        _legend(report),
        "<h3>Ranking</h3>",
        '<p class="quiet">Dots are means, bars their 95% intervals; each metric has its own scale, dotted at 0.</p>',
        _ranking_table(report, ranking if few else [row for row in ranking if row.k == shown_k]),
        _comparison_table(report, [one for one in report.comparisons if one.task == task]),
        f"<h3>What is shown, at {shown_k}</h3>",
        _shown_table(report, [row for row in rows if row.k == shown_k and row.metric not in RANKING_METRICS]),
        _sources(report, task),
        '<div class="charts">',
        _accuracy_and_coverage(report, rows),
        _popularity(report, [curve for curve in report.curves if curve.task == task]),
        "</div>",
        *(reliability_chart(one) for one in report.calibrations if one.key.split("/")[0] == task),
        _slices(report, [row for row in report.slices if row.task == task]),
        _every_figure(rows),
    ]
    return section(parts)


def _sources(report: EvaluationReport, task: str) -> str:
    body = [
        (escape(one.source), f"{one.share:.1%}", f"{one.precision:.1%}") for one in report.sources if one.task == task
    ]
    if not body:
        return ""
    k = next(one.k for one in report.sources if one.task == task)
    return f"<h3>Sources, at {k}</h3>" + table(("source", "share of places", "of these hit"), body, numbers=(1, 2))


def _ranking_table(report: EvaluationReport, rows: Sequence[Row]) -> str:
    body = []
    in_order = sorted(rows, key=lambda row: (_order(row.metric), row.k))
    for (metric, k), group in groupby(in_order, key=lambda row: (row.metric, row.k)):
        lines = list(group)
        scale = nice_scale([row.high or row.value for row in lines], from_zero=True)
        for row in lines:
            name = f"{escape(metric)}@{k}" if row is lines[0] else ""
            bar = interval_bar(row.value, row.low, row.high, scale, _colour(report, row.model))
            body.append([name, _model(report, row.model), bar, _number(row.value), _interval(row.low, row.high)])
    return table(("metric", "model", "", "mean", "95% interval"), body, numbers=(3, 4), heads=(0,), kind="bars")


def _comparison_table(report: EvaluationReport, comparisons: Sequence[Comparison]) -> str:
    shown = [one for one in comparisons if one.metric in ("ndcg", "recall", "hit_rate", "mrr")]
    if not shown:
        return ""
    scale = nice_scale([edge for one in shown for edge in (one.low, one.high)], from_zero=True)
    body = [
        [
            f"{escape(one.metric)}@{one.k}",
            _model(report, one.model),
            interval_bar(one.difference, one.low, one.high, scale, _colour(report, one.model)),
            f"{one.difference:+.4f}",
            f"{one.low:+.4f} to {one.high:+.4f}",
            p_text(one.p_holm),
        ]
        for one in shown
    ]
    head = ("metric", "model", "", "difference", "95% interval", "p")
    return f"<h3>Difference to {escape(shown[0].baseline)}</h3>" + table(
        head, body, numbers=(3, 4, 5), heads=(0,), kind="bars"
    )


def _shown_table(report: EvaluationReport, rows: Sequence[Row]) -> str:
    by_metric: dict[str, dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: _order(row.metric)):
        by_metric.setdefault(row.metric, {})[row.model] = row
    body = [
        [
            f'{escape(metric)} <span class="meaning">{escape(MEANINGS.get(metric, ""))}</span>',
            *(_with_margin(lines.get(model)) for model in report.models),
        ]
        for metric, lines in by_metric.items()
    ]
    columns = range(1, 1 + len(report.models))
    return table(("metric", *map(escape, report.models)), body, numbers=columns, heads=(0,), kind="shown")


def _accuracy_and_coverage(report: EvaluationReport, rows: Sequence[Row]) -> str:
    figures = {(row.model, row.metric, row.k): row.value for row in rows}
    ks = sorted({row.k for row in rows})
    series = [
        Series(
            model,
            _colour(report, model),
            [(figures[model, "coverage", k], figures[model, "ndcg", k]) for k in points],
            line=False,
            labels=[f"{model} @{k}" for k in points],
        )
        for model in report.models
        if (points := [k for k in ks if (model, "ndcg", k) in figures and (model, "coverage", k) in figures])
    ]
    if not series:
        return ""
    x_max = max(x for one in series for x, _ in one.points)
    y_max = max(y for one in series for _, y in one.points)
    title = "Coverage against accuracy: " + "; ".join(
        f"{label} covers {x:.1%} with ndcg {y:.4f}"
        for one in series
        for label, (x, y) in zip(one.labels, one.points, strict=True)
    )
    chart = line_chart(title, "coverage", "ndcg", series, x_max=x_max, y_max=y_max)
    return figure(chart, "Accuracy against coverage. Up and to the right is better.")


def _popularity(report: EvaluationReport, curves: Sequence[Curve]) -> str:
    if not curves:
        return ""
    series = [
        Series(one.model, _colour(report, one.model), list(zip(np.log10(one.items).tolist(), one.places, strict=True)))
        for one in curves
    ]
    n_items = curves[0].items[-1]
    powers = [10**power for power in range(len(str(n_items)))]
    few = max(power for power in powers if power <= max(1, n_items / 10))
    taken = [f"{one.model} {_at(one, few):.0%}" for one in curves]
    title = f"Places taken by the {few:,} most bought of {n_items:,} items: " + ", ".join(taken)
    chart = line_chart(
        title,
        "items, the most bought first (log scale)",
        "share of all places",
        series,
        x_max=log10(max(n_items, 2)),
        y_max=1.0,
        x_ticks=[(log10(power), f"{power:,}") for power in powers],
    )
    counts = [*(power for power in powers if power < n_items), n_items]
    rows = [[f"{count:,}", *(f"{_at(one, count):.1%}" for one in curves)] for count in counts]
    head = ("most bought items", *(escape(one.model) for one in curves))
    as_table = details("As a table", table(head, rows, numbers=range(1, len(head)), heads=(0,)))
    return figure(chart, f"Popularity curve. {title}.", as_table)


def _at(curve: Curve, count: int) -> float:
    """Return the share of places of the most bought items, between the points of a curve."""
    return float(np.interp(count, curve.items, curve.places))


def _slices(report: EvaluationReport, rows: Sequence[SliceRow]) -> str:
    shown = [row for row in rows if f"{row.metric}@{row.k}" == report.gate_metric]
    if not shown:
        return ""
    telling = [row.high for row in shown if row.n >= TELLING] or [row.high for row in shown]
    scale = nice_scale(telling, from_zero=True)
    body = []
    for (by, group), lines in groupby(shown, key=lambda row: (row.by, row.group)):
        name = f'<span class="quiet">{escape(by)}</span> {escape(group)}'
        for row in lines:
            bar = interval_bar(row.value, row.low, row.high, scale, _colour(report, row.model))
            mean, edges = _number(row.value), _interval(row.low, row.high)
            body.append([name, _model(report, row.model), bar, mean, edges, f"{row.n:,}"])
            name = ""
    head = ("slice", "model", "", "mean", "95% interval", "n")
    return f"<h3>Slices, {escape(report.gate_metric)}</h3>" + table(
        head, body, numbers=(3, 4, 5), heads=(0,), kind="bars"
    )


def _every_figure(rows: Sequence[Row]) -> str:
    body = [
        [
            f"{escape(row.metric)}@{row.k}",
            escape(row.model),
            _number(row.value),
            _interval(row.low, row.high),
            f"{row.n:,}",
        ]
        for row in sorted(rows, key=lambda row: (_order(row.metric), row.k))
    ]
    figures = table(("metric", "model", "value", "95% interval", "n"), body, numbers=(2, 3, 4), heads=(0,))
    return details("Every figure of this task", figures)


def _examples(report: EvaluationReport) -> str:
    if not report.examples:
        return ""
    parts = ["<h2>Examples</h2>", '<p class="quiet">Drawn by lot, not by success. A hit is marked.</p>']
    parts += [_example(report, one) for one in report.examples]
    return section(parts)


def _example(report: EvaluationReport, one: Example) -> str:
    unit = next((record.unit for record in report.tasks if record.name == one.task), "")
    asked = "history" if unit == "users" else "asked about"
    slates = []
    for model, shown in one.slates.items():
        items = "".join(
            f'<li class="hit"><mark>{escape(item.title)}</mark> <span class="tag">hit</span>{_why(item)}</li>'
            if item.hit
            else f"<li>{escape(item.title)}{_why(item)}</li>"
            for item in shown
        )
        slates.append(f"<div><h4>{_model(report, model)}</h4><ol>{items}</ol></div>")
    return "\n".join(
        [
            '<article class="example">',
            f"<h3>{escape(one.task)}: <code>{escape(one.asked_id)}</code></h3>",
            f"<p><b>{asked}</b> {escape(', '.join(one.about)) or 'nothing'}</p>",
            f"<p><b>bought then</b> {escape(', '.join(one.relevant))}</p>",
            f'<div class="slates">{"".join(slates)}</div>',
            "</article>",
        ]
    )


def _why(item: ShownItem) -> str:
    return f'<br><span class="quiet">{escape(item.reason)}</span>' if item.reason else ""


def _origin(report: EvaluationReport) -> str:
    if not report.fingerprint:
        return ""
    origin = report.fingerprint
    counted = [
        (name, str(origin[key]))
        for name, key in (
            ("training data, SHA-256", "train_sha256"),
            ("test data, SHA-256", "test_sha256"),
            ("configuration, SHA-256", "config_sha256"),
            ("trained until", "trained_until"),
        )
        if origin.get(key)
    ]
    libraries = origin.get("libraries") or {}
    if libraries:
        counted.append(("libraries", ", ".join(f"{name} {version}" for name, version in libraries.items())))
    config = json.dumps(origin.get("config") or {}, indent=2, ensure_ascii=False)
    notes = "".join(f"<li>{escape(_sentence(note))}</li>" for note in report.notes)
    return section(
        [
            "<h2>Data and configuration</h2>",
            f"<ul>{notes}</ul>",
            facts(counted),
            details("The configuration in full", f"<pre>{escape(config)}</pre>"),
        ]
    )


def _glossary(report: EvaluationReport) -> str:
    used = {row.metric for row in report.rows}
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in MEANINGS.items() if name in used
    )
    return section(
        [
            "<h2>How to read this</h2>",
            f"<p>{escape(HOW_TO_READ)}</p>",
            f"<dl>{terms}</dl>",
        ]
    )


def _legend(report: EvaluationReport) -> str:
    return '<p class="legend">' + " ".join(_model(report, model) for model in report.models) + "</p>"


def _model(report: EvaluationReport, model: str) -> str:
    return f'<span class="model"><i class="m{_colour(report, model)}"></i>{escape(model)}</span>'


def _colour(report: EvaluationReport, model: str) -> int:
    return report.models.index(model) % COLOURS


def _order(metric: str) -> int:
    return list(MEANINGS).index(metric) if metric in MEANINGS else len(MEANINGS)


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{_number(low)} to {_number(high)}"


def _with_margin(row: Row | None) -> str:
    if row is None:
        return "–"  # noqa: RUF001
    if row.low is None or row.high is None:
        return _number(row.value)
    return f'{_number(row.value)} <span class="margin">± {_number((row.high - row.low) / 2)}</span>'


def p_text(p: float) -> str:
    """Return a p-value as it is read: below the least that the flips can show it is a bound."""
    return f"{p:.4f}" if p >= 0.001 else "< 0.001"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
