"""What an evaluation found, as frames, as a chart, and as a notebook shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

import pandas as pd

from recommender.errors import ConfigError
from recommender.evaluation import RANKING_METRICS, EvaluationReport, Row
from recommender.evaluation.html import write_html
from recommender.evaluation.verdict import headline, main_comparisons, sentence
from recommender.notebook import html
from recommender.notebook.chart import Bar, Chart, interval_chart

MAIN = ("ndcg", "recall", "hit_rate")
FEW = 4
MOODS = {1: "good", 0: "", -1: "bad"}


@dataclass(frozen=True)
class Report:
    """Figures with their 95% intervals, and how models compare; `evaluation` holds all of it."""

    evaluation: EvaluationReport

    def to_frame(self) -> pd.DataFrame:
        """Return a row per task, model, metric and k: value, low and high ends of its interval, and n cases."""
        return pd.DataFrame([asdict(row) for row in self.evaluation.rows])

    def comparisons(self) -> pd.DataFrame:
        """Return a row per model set beside the baseline: mean difference, its interval, and p adjusted by Holm."""
        return pd.DataFrame([asdict(one) for one in self.evaluation.comparisons])

    def plot(self, metric: str | None = None, task: str | None = None) -> Chart:
        """Draw a metric of all models with their intervals.

        Parameters
        ----------
        metric : str, optional
            "name@k", for example "recall@20"; the report's main metric, if not given.
        task : str, optional
            The first one, if not given.

        Raises
        ------
        ConfigError
            If the report has no such figure; the message names those that it has.
        """
        metric = metric or self.evaluation.gate_metric
        task = task or next((record.name for record in self.evaluation.tasks), None)
        rows = [row for row in self.evaluation.rows if row.task == task]
        shown = [row for row in rows if f"{row.metric}@{row.k}" == metric]
        if not shown:
            there = ", ".join(dict.fromkeys(f"{row.metric}@{row.k}" for row in rows)) or "nothing"
            raise ConfigError(f"{task}: there is no {metric}; there are: {there}")
        bars = [Bar(row.model, row.value, row.low, row.high) for row in shown]
        return interval_chart(f"{task}: {metric} with 95% intervals, {shown[0].n:,} cases", bars)

    def write_html(self, path: str | Path) -> None:
        """Write the whole report as a page that opens offline; raises StoreError if the disk refuses."""
        write_html(Path(path), self.evaluation)

    def __repr__(self) -> str:
        return f"Report({headline(self.evaluation)})"

    def _repr_html_(self) -> str:
        """Show the verdict, the main figures of each task, and the comparisons."""
        main = main_comparisons(self.evaluation)
        said = headline(self.evaluation)
        others = [text for one in main if (text := sentence(self.evaluation, one)) != said]
        parts = [f'<p class="verdict {MOODS[main[0].direction] if main else ""}">{escape(said)}</p>']
        parts += [f"<p>{escape(text)}</p>" for text in others]
        body = [
            (row.task, f"{row.metric}@{row.k}", row.model, row.value, f"{row.low:.4f} to {row.high:.4f}", row.n)
            for row in self._main_rows()
        ]
        parts.append(html.table(("task", "metric", "model", "mean", "95% interval", "cases"), body))
        parts.append(html.notes([*self.evaluation.warnings, *self.evaluation.notes]))
        return html.fragment(*parts)

    def _main_rows(self) -> list[Row]:
        """Return the rows to show first: of all that rank, or, where these are many, of a few metrics at the main k."""
        ranking = [row for row in self.evaluation.rows if row.metric in RANKING_METRICS and row.low is not None]
        if len({(row.metric, row.k) for row in ranking}) <= FEW:
            return ranking
        k = int(self.evaluation.gate_metric.partition("@")[2])
        return [row for row in ranking if row.k == k and row.metric in MAIN]
