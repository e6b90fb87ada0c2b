"""The data doctor: is what was read tonight what a shop would want to be trained on?

Each check of `data_checks` is one function that looks at the data, at what reading it met and at the live version, and
answers with nothing or with an explanation. Here they are run in order, and what they find becomes findings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from recommender.config import CheckName, Doctor
from recommender.errors import DataError
from recommender.pipeline.data_checks import CHECKS, REMEDIES, Seen

Severity = Literal["warn", "stop"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `severity` says whether it stops the run."""

    check: CheckName
    severity: Severity
    explanation: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.check}: {self.explanation}. {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON types."""
        return asdict(self)


def examine(
    seen: Seen, config: Doctor, checks: Mapping[CheckName, Callable[[Seen, Doctor], str | None]] = CHECKS
) -> list[Finding]:
    """Run every check that is not off, in order, and return what they found."""
    findings = []
    for name, check in checks.items():
        explanation = None if name in config.off else check(seen, config)
        if explanation is not None:
            severity: Severity = "warn" if name in config.warn else "stop"
            findings.append(Finding(name, severity, explanation, REMEDIES[name]))
    return findings


def require_fit(findings: Sequence[Finding]) -> None:
    """Raise DataError where a finding stops the run; all such findings are named."""
    stops = [str(finding) for finding in findings if finding.severity == "stop"]
    if stops:
        raise DataError(
            f"the data doctor stopped the run: {' '.join(stops)} If all is as it should be, `alsobought train "
            "--force`, or [doctor] in shop.toml"
        )
