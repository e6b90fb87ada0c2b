"""Scores against what happened: a curve from score to chance for each source, and how good its chances are."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle
from recommender.evaluation.report import Calibration, Reliability
from recommender.evaluation.tasks import Task, sample
from recommender.models import chances, fit_curve
from recommender.placements import choose
from recommender.progress import Progress, silent

CASES = 2_000
DEPTH = 50
"""Items asked for: deeper than a slate, so that scores far down it have a chance of their own."""
FEWEST_RIGHT = 50
"""With fewer right items the scores of a source stay as they are."""
BINS = 10


def calibrate(bundle: Bundle, task: Task, *, progress: Progress = silent) -> list[Calibration]:
    """Return a curve for each step of the placement's ladder that was right often enough.

    The curves are fitted on all cases. Brier score and reliability are those of chances that each half of the units got
    from the curve of the other half, beside the score of the other half's base rate for everything (Brier, Monthly
    Weather Review 1950; Murphy and Winkler, Applied Statistics 1977, for the reliability curve).
    """
    pairs: dict[str, list[tuple[float, bool, int]]] = defaultdict(list)
    cases = sample(np.arange(len(task)), CASES)
    with threadpool_limits(limits=1):
        for done, case in enumerate(cases.tolist(), start=1):
            right = set(task.relevant.of(case).tolist())
            choice = choose(bundle, task.query(case, DEPTH), depth=DEPTH)
            for one in choice.filled.chosen:
                key = choice.calibration_of(one)
                pairs[key].append((one.score, one.item in right, int(task.units[case])))
            progress(f"calibrate {task.name}", done, len(cases))
    found = []
    for key, rows in sorted(pairs.items()):
        scores, hits, units = (np.array(column) for column in zip(*rows, strict=True))
        if np.count_nonzero(hits) >= FEWEST_RIGHT:
            found.append(_assessed(key, scores, hits, units))
    return found


def _assessed(key: str, scores: NDArray[np.float64], right: NDArray[np.bool_], units: NDArray[np.int64]) -> Calibration:
    distinct, unit = np.unique(units, return_inverse=True)
    half = np.random.default_rng(0).permutation(len(distinct))[unit] % 2 == 0
    forecast, base = np.empty(len(scores)), np.empty(len(scores))
    for here in (half, ~half):
        forecast[here] = chances(fit_curve(scores[~here], right[~here]), scores[here])
        base[here] = right[~here].mean()
    groups = np.array_split(np.argsort(forecast, kind="stable"), BINS)
    return Calibration(
        key=key,
        curve=fit_curve(scores, right),
        n=len(scores),
        base_rate=float(right.mean()),
        brier=float(((forecast - right) ** 2).mean()),
        brier_of_base_rate=float(((base - right) ** 2).mean()),
        reliability=[
            Reliability(float(forecast[group].mean()), float(right[group].mean()), len(group))
            for group in groups
            if len(group)
        ],
    )
