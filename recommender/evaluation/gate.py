"""Whether a candidate may go live, by one holdout: beside the live recipe and beside best sellers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommender.config import Gate
from recommender.evaluation.measure import main_figure
from recommender.evaluation.report import CaseValues, EvaluationReport
from recommender.evaluation.runner import BASELINE, MODEL
from recommender.evaluation.statistics import compare_paired
from recommender.evaluation.tasks import FOR_YOU

LIVE_RECIPE = "live recipe"
MIN_USERS = 30
"""Fewer resampled users give no interval that holds what it says."""


@dataclass(frozen=True, slots=True)
class Versus:
    """The candidate's mean figure beside another's over the same users, and the 95% interval of the difference."""

    against: str
    ours: float
    theirs: float
    difference: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.difference:+.4f} (95%: {self.low:+.4f} to {self.high:+.4f}) against {self.against} "
            f"({self.theirs:.4f})"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: `refusals` are its reasons to refuse, none where the candidate may go live.

    `n_users` are the users of the holdout who were asked about, `metric` that of `[gate]`.
    """

    metric: str
    n_users: int
    comparisons: list[Versus]
    refusals: list[str]
    remarks: list[str]

    @property
    def text(self) -> str:
        """One sentence, for the manifest and the log."""
        said = [str(one) for one in self.comparisons]
        if said:
            said[0] = f"for-you {self.metric} of {self.n_users:,} users {self.comparisons[0].ours:.4f}, {said[0]}"
        if self.refusals:
            return "; ".join([f"refused: {', '.join(self.refusals)}", *said])
        return f"passed: {'; '.join([*said, *self.remarks])}"

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON types."""
        return {**asdict(self), "text": self.text}


def judge(report: EvaluationReport, gate: Gate, *, live: str | None) -> Verdict:
    """Return the verdict on the report's first model; `live` is the version that it would replace, if there is one.

    It is refused where the 95% interval of the mean difference over users (paired bootstrap) lies below 0 against
    best sellers or, against the live recipe, below minus `tolerance` times its figure; and, from `proof_users` users
    on, where the interval against best sellers does not lie above 0. Nothing is refused without a live version, or on
    fewer than 30 users: the remarks say so.
    """
    figure = main_figure(gate.metric)
    cases = next((one for one in report.cases if one.task == FOR_YOU), None)
    n_users = 0 if cases is None else len(cases.ids)
    if cases is None or n_users < 2:
        return Verdict(gate.metric, n_users, [], [], [_too_few(n_users)])
    rivals = [model for model in report.models if model not in (MODEL, BASELINE)]
    comparisons = [_versus(cases, name, *figure) for name in [*rivals, BASELINE]]
    refusals = [reason for one in comparisons for reason in _reasons(one, gate, n_users)]
    if live is None:
        remarks = ["first model: nothing to compare with", *(f"though {reason}" for reason in refusals)]
        return Verdict(gate.metric, n_users, comparisons, [], remarks)
    if n_users < MIN_USERS:
        return Verdict(gate.metric, n_users, comparisons, [], [_too_few(n_users)])
    return Verdict(gate.metric, n_users, comparisons, refusals, [])


def _reasons(one: Versus, gate: Gate, n_users: int) -> list[str]:
    allowed = 0.0 if one.against == BASELINE else gate.tolerance * one.theirs
    if one.high < -allowed:
        by_more = f" by more than {gate.tolerance:.0%}" if allowed else ""
        return [f"significantly worse than {_named(one.against)}{by_more}"]
    if one.against == BASELINE and n_users >= gate.proof_users and one.low <= 0:
        return [f"not significantly better than {BASELINE}"]
    return []


def _named(against: str) -> str:
    return against if against == BASELINE else f"the {against}"


def _too_few(n_users: int) -> str:
    return f"not measured: the holdout has {n_users} users to ask for-you about, a verdict needs {MIN_USERS}"


def _versus(cases: CaseValues, against: str, metric: str, k: int) -> Versus:
    ours, theirs = (cases.values[model, metric, k] for model in (MODEL, against))
    paired = compare_paired(ours, theirs)
    return Versus(against, float(np.mean(ours)), float(np.mean(theirs)), paired.difference, paired.low, paired.high)
