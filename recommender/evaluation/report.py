"""What an evaluation found: records that are JSON as they stand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.splits import SplitCounts
from recommender.models import ChanceCurve


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: a metric of a model at k, averaged over n cases, with its 95% bootstrap interval.

    `low` and `high` are None for what is no average over cases: coverage and Gini index. `n` counts the cases of which
    the metric says anything.
    """

    task: str
    model: str
    metric: str
    k: int
    value: float
    low: float | None
    high: float | None
    n: int


SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model against the baseline on the same cases: mean difference, 95% interval, two-sided p.

    `p_holm` is p adjusted for all comparisons of the report in the same metric at the same k.
    """

    task: str
    model: str
    baseline: str
    metric: str
    k: int
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    n: int

    @property
    def direction(self) -> int:
        """1 where the model is ahead, -1 where it is behind, 0 where interval and p_holm don't both say so."""
        if self.p_holm >= SIGNIFICANT:
            return 0
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A figure of part of the cases, or of part of the right answers: `by` says what they are grouped by."""

    task: str
    by: str
    group: str
    model: str
    metric: str
    k: int
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class SourceShare:
    """Where slates come from: the `share` of all places that a source fills, and the share of its places that hit."""

    task: str
    model: str
    source: str
    k: int
    share: float
    precision: float


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What was asked of how many."""

    name: str
    asked: str
    unit: str
    n: int


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """How the events were cut, what that leaks, and how much stands on each side."""

    kind: str
    note: str
    counts: SplitCounts


@dataclass(frozen=True, slots=True)
class Curve:
    """Exposure by popularity: this many `items`, the most bought first, take this share of all `places`.

    The last entry is all items that can be relevant.
    """

    task: str
    model: str
    items: list[int]
    places: list[float]


@dataclass(frozen=True, slots=True)
class Reliability:
    """n forecasts of about the same chance: their mean, and how often they came true."""

    forecast: float
    observed: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """From the scores of a source to chances: `key` is its placement and step of the ladder.

    `n` items were scored, of which a share of `base_rate` was right. The Brier scores are mean squared errors of
    forecasts from cases that the curve behind them had not seen; lower is better.
    """

    key: str
    curve: ChanceCurve
    n: int
    base_rate: float
    brier: float
    brier_of_base_rate: float
    reliability: list[Reliability]

    @property
    def gain(self) -> float:
        """How far the Brier score is below that of the base rate, as a share of it; 0 where all were right, or none."""
        return 1 - self.brier / self.brier_of_base_rate if self.brier_of_base_rate else 0.0


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One place of an example."""

    item_id: str
    title: str
    hit: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One case as a person can judge it: who or what was asked about, and what each model answered."""

    task: str
    asked_id: str
    about: list[str]
    relevant: list[str]
    slates: dict[str, list[ShownItem]]


@dataclass(frozen=True, slots=True)
class CaseValues:
    """The figures of each case of a task; `values` holds arrays of shape (N,) by (model, metric, k)."""

    task: str
    ids: list[str]
    values: dict[tuple[str, str, int], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All figures, how the data was cut, what to look at, and a verdict on the gate's metric.

    `difference` is the mean over users of (model - baseline) in the gate's metric of the first task, for-you, and
    `margin` the distance to the upper end of its 95% paired bootstrap interval; both are 0 with fewer than two users.
    """

    rows: list[Row]
    notes: list[str]
    warnings: list[str]
    gate_metric: str
    difference: float
    margin: float
    models: list[str] = field(default_factory=list)
    baseline: str | None = None
    tasks: list[TaskRecord] = field(default_factory=list)
    split: SplitRecord | None = None
    comparisons: list[Comparison] = field(default_factory=list)
    slices: list[SliceRow] = field(default_factory=list)
    sources: list[SourceShare] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    calibrations: list[Calibration] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    fingerprint: dict[str, Any] = field(default_factory=dict)
    cases: list[CaseValues] = field(default_factory=list, compare=False, repr=False)

    @property
    def worse_than_best_sellers(self) -> bool:
        """Whether the model is significantly worse than best sellers."""
        return self.difference + self.margin < 0

    @property
    def metrics(self) -> dict[str, float]:
        """The figures by name, for the manifest: "for-you/alsobought/ndcg@10"."""
        return {f"{row.task}/{row.model}/{row.metric}@{row.k}": row.value for row in self.rows}

    def to_dict(self, *, examples: bool = True) -> dict[str, Any]:
        """Return the report as JSON types, without the figures of single cases; examples name users."""
        without = {"cases"} if examples else {"cases", "examples"}
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self) if one.name not in without}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value
