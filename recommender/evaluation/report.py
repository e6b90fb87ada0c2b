"""What an evaluation found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: a metric of a model at k, averaged over n users (for-you) or orders (also-bought).

    Coverage is the share of the items that can be relevant that stood in at least one slate.
    """

    placement: str
    model: str
    metric: str
    k: int
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All figures, how the data was cut, what to look at, and a verdict on the gate's metric.

    `difference` is the mean over users of (model - best sellers) in the gate's metric of for-you and `margin` its 95%
    half-width (1.96 standard errors); both are 0 with fewer than two test users.
    """

    rows: list[Row]
    notes: list[str]
    warnings: list[str]
    gate_metric: str
    difference: float
    margin: float

    @property
    def worse_than_best_sellers(self) -> bool:
        """Whether the model is significantly worse than best sellers."""
        return self.difference + self.margin < 0

    @property
    def metrics(self) -> dict[str, float]:
        """The figures by name, for the manifest: "for-you/alsobought/ndcg@10"."""
        return {f"{row.placement}/{row.model}/{row.metric}@{row.k}": row.value for row in self.rows}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return asdict(self)
