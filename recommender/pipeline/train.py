"""train: check, evaluate, gate, fit on everything, publish, promote: the nightly job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from recommender.bundle import Bundle, Store
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.errors import DataError, GateRefusedError, StoreError
from recommender.evaluation import EvaluationReport
from recommender.pipeline.check import CheckReport, read_and_check
from recommender.pipeline.evaluate import evaluate_dataset
from recommender.pipeline.fit import fit_bundle, precompute
from recommender.progress import Progress, silent

MIN_GATE_USERS = 2


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A published version. `metrics` are those before the final fit, `seconds` by stage.

    Its JSON names no user: the nightly log is no place for what a customer bought.
    """

    version: str
    promoted: bool
    metrics: dict[str, float]
    verdict: str
    seconds: dict[str, float]
    check: CheckReport
    evaluation: EvaluationReport | None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        return {
            "version": self.version,
            "promoted": self.promoted,
            "metrics": self.metrics,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "check": self.check.to_dict(),
            "evaluation": None if self.evaluation is None else self.evaluation.to_dict(examples=False),
        }


def run(
    config: Config,
    *,
    events: Any = None,
    catalogue: Any = None,
    force: bool = False,
    promote: bool = True,
    progress: Progress = silent,
) -> TrainResult:
    """Train a new version from a shop's sources, or from `events` and `catalogue` tables, and make it live.

    What is published is fitted on all events; the figures come from the same recipe fitted on the events before the
    split. `force` overrules the gate and says so in the verdict.

    Raises
    ------
    DataError
        If the data can't be used.
    GateRefusedError
        If for-you is significantly worse than best sellers and a version is live; nothing is published.
    LockHeldError, StoreError
        If another run holds the store, or the disk refuses.
    """
    store = Store(config.store_path)
    seconds: dict[str, float] = {}
    with store.locked():
        with _timed(seconds, "read and check"):
            dataset, check = read_and_check(config, events=events, catalogue=catalogue, progress=progress)
        with _timed(seconds, "evaluate"):
            evaluation, unmeasured = _evaluate(dataset, config, progress)
        verdict = (
            f"not measured: {unmeasured}"
            if evaluation is None
            else _verdict(evaluation, force=force, live=store.current())
        )
        with _timed(seconds, "fit on everything"):
            warm_start = _live_bundle(store) if config.models.als.warm_start else None
            fitted = fit_bundle(dataset, config, warm_start=warm_start, progress=progress)
            bundle = precompute(fitted, progress=progress)
        metrics = {} if evaluation is None else evaluation.metrics
        manifest = bundle.manifest.model_copy(update={"metrics": metrics, "verdict": verdict})
        with _timed(seconds, "publish"):
            version = store.publish(replace(bundle, manifest=manifest))
        if promote:
            with _timed(seconds, "promote"):
                store.promote(version)
                store.prune(config.store.keep)
    return TrainResult(version, promote, metrics, verdict, seconds, check, evaluation)


def _live_bundle(store: Store) -> Bundle | None:
    """Return the live bundle, None where there is none that can be read: a cold start is always possible.

    Only the final fit may start from it: it has seen the events that the evaluation hides.
    """
    try:
        return None if store.current() is None else store.load_live()
    except StoreError:
        return None


def _evaluate(dataset: Dataset, config: Config, progress: Progress) -> tuple[EvaluationReport | None, str]:
    """Return the report, or None and why the data allows none (too short for its split, say)."""
    try:
        return evaluate_dataset(dataset, config, progress=progress), ""
    except DataError as error:
        return None, str(error)


def _verdict(evaluation: EvaluationReport, *, force: bool, live: str | None) -> str:
    """Return one sentence on whether the model may go live.

    Raises
    ------
    GateRefusedError
        If it may not, nobody forces it, and there is a live version to protect.
    """
    n_users = max((row.n for row in evaluation.rows if row.task == "for-you"), default=0)
    if n_users < MIN_GATE_USERS:
        return f"not measured: the test side has {n_users} users to ask for-you about, a margin needs {MIN_GATE_USERS}"
    measured = f"{evaluation.difference:+.4f} ± {evaluation.margin:.4f} {evaluation.gate_metric} against best sellers"
    if not evaluation.worse_than_best_sellers:
        return f"passed: for-you {measured}"
    if force:
        return f"forced: for-you {measured}"
    if live is None:
        return f"first model, though worse than best sellers: for-you {measured}"
    raise GateRefusedError(
        f"the gate refused: for-you is significantly worse than best sellers ({measured}); the live model stays. "
        "Look at the data with `alsobought check`, tune, or overrule with --force"
    )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)
