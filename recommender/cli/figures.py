"""An evaluation as a table: each metric of the model beside that of best sellers, and their ratio."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from recommender.cli.paper import table


def metrics_table(metrics: Mapping[str, float]) -> Table:
    """Return a row per placement and metric, a column per model; the names are "for-you/alsobought/ndcg@10"."""
    lines: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in metrics.items():
        placement, model, metric = name.split("/")
        lines.setdefault((placement, metric), {})[model] = value
    models = list(dict.fromkeys(model for values in lines.values() for model in values))
    rows = [
        (*key, *(f"{values[model]:.4f}" if model in values else None for model in models), _ratio(models, values))
        for key, values in lines.items()
    ]
    return table("", ("placement", "metric", *models, "ratio"), rows, right=range(2, len(models) + 3))


def _ratio(models: list[str], values: Mapping[str, float]) -> str:
    ours, best = (values.get(model, 0.0) for model in models[:2]) if len(models) > 1 else (0.0, 0.0)
    return f"{ours / best:.2f}" if best > 0 else "-"
