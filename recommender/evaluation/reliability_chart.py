"""How chances came true, as a figure of the report's page."""

from __future__ import annotations

from recommender.evaluation.charts import Series, line_chart
from recommender.evaluation.page import details, figure, table
from recommender.evaluation.report import Calibration


def reliability_chart(one: Calibration) -> str:
    """Return forecast chances against the share that came true, beside the diagonal of perfect ones."""
    points = [(group.forecast, group.observed) for group in one.reliability]
    largest = max(max(point) for point in points)
    source = one.key.partition("/")[2]
    title = (
        f"Scores of {source} as chances: Brier score {one.brier:.5f}, {abs(one.gain):.1%} "
        f"{'better' if one.gain >= 0 else 'worse'} than one chance of {one.base_rate:.2%} for all"
    )
    diagonal = [(0.0, 0.0), (largest, largest)]
    chart = line_chart(
        title,
        "forecast chance",
        "share that came true",
        [Series("perfect", 1, diagonal), Series("observed", 0, points), Series("observed", 0, points, line=False)],
        x_max=largest,
        y_max=largest,
    )
    rows = [[f"{group.forecast:.2%}", f"{group.observed:.2%}", f"{group.n:,}"] for group in one.reliability]
    as_table = details("As a table", table(("forecast", "came true", "items"), rows, numbers=range(3)))
    note = f"Reliability. {title}. On the straight line, 5 of 100 items with a chance of 5% come true."
    return f'<div class="charts">{figure(chart, note, as_table)}</div>'
