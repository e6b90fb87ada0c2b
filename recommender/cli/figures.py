"""An evaluation as a table: each metric of the model beside that of best sellers, and their ratio."""

from __future__ import annotations

from rich.table import Table

from recommender.cli.paper import table
from recommender.evaluation import EvaluationReport


def evaluation_table(report: EvaluationReport) -> Table:
    """Return a row per placement, metric and k, a column per model."""
    models = list(dict.fromkeys(row.model for row in report.rows))
    lines: dict[tuple[str, str, int], dict[str, float]] = {}
    cases: dict[tuple[str, str, int], int] = {}
    for row in report.rows:
        key = (row.placement, row.metric, row.k)
        lines.setdefault(key, {})[row.model] = row.value
        cases[key] = row.n
    columns = ("placement", "metric", *models, "ratio", "cases")
    rows = [
        (
            placement,
            f"{metric}@{k}",
            *(f"{values[model]:.4f}" if model in values else None for model in models),
            _ratio([values.get(model, 0.0) for model in models]),
            cases[placement, metric, k],
        )
        for (placement, metric, k), values in lines.items()
    ]
    return table("", columns, rows, right=range(2, len(columns)))


def _ratio(values: list[float]) -> str:
    ours, *others = values
    return f"{ours / others[0]:.2f}" if others and others[0] > 0 else "-"
