"""What the figures say, in sentences."""

from __future__ import annotations

from recommender.evaluation.report import Comparison, EvaluationReport


def headline(report: EvaluationReport) -> str:
    """Return one sentence on the first task in the main metric."""
    main = main_comparisons(report)
    if not main:
        if not report.rows:
            return "Nothing could be measured: no test case has an answer that could be right"
        return "There is nothing to compare: fewer than two users, or a single model"
    return sentence(report, main[0])


def sentence(report: EvaluationReport, one: Comparison) -> str:
    """Return how a model stands to the baseline in words: ahead, behind, or not to be told apart."""
    metric = f"{one.metric}@{one.k}"
    ours, theirs = (report.metrics.get(f"{one.task}/{model}/{metric}") for model in (one.model, one.baseline))
    figures = f" in {metric}"
    if ours is not None and theirs is not None:
        figures += f": {ours:.4f} against {theirs:.4f}"
    if ours is not None and theirs:
        ratio = ours / theirs
        figures += f", {ratio - 1:+.0%}" if ratio < 3 else f", {ratio:.1f} times as much"
    lead = f"95% interval of the difference {one.low:+.4f} to {one.high:+.4f}; {one.n:,} {_unit(report, one.task)}"
    if one.direction > 0:
        return f"{one.task}: {one.model} beats {one.baseline}{figures} ({lead})"
    if one.direction < 0:
        return f"{one.task}: {one.model} is worse than {one.baseline}{figures} ({lead})"
    return f"{one.task}: {one.model} and {one.baseline} can't be told apart{figures} ({lead})"


def main_comparisons(report: EvaluationReport) -> list[Comparison]:
    """Return the comparisons in the report's main metric."""
    return [one for one in report.comparisons if f"{one.metric}@{one.k}" == report.gate_metric]


def _unit(report: EvaluationReport, task: str) -> str:
    return next((record.unit for record in report.tasks if record.name == task), "cases")
