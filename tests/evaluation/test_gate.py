"""Verdicts, from figures made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from recommender.config import Gate
from recommender.evaluation.gate import judge
from recommender.evaluation.report import CaseValues, EvaluationReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

GATE = Gate(proof_users=1000, tolerance=0.02)


def report(
    ours: NDArray[np.float64], best: NDArray[np.float64], live: NDArray[np.float64] | None = None
) -> EvaluationReport:
    columns = {"alsobought": ours, **({} if live is None else {"live recipe": live}), "best sellers": best}
    values = {(model, "ndcg", 10): column for model, column in columns.items()}
    cases = [CaseValues("for-you", [f"u{number}" for number in range(len(ours))], values)]
    return EvaluationReport([], [], [], "ndcg@10", 0.0, 0.0, models=list(columns), cases=cases)


def around(mean: float, n: int, seed: int = 0) -> NDArray[np.float64]:
    """Return n figures of exactly this mean, half of them 0.05 above and half below."""
    return np.random.default_rng(seed).permutation(np.where(np.arange(n) % 2, mean + 0.05, mean - 0.05))


def test_better_than_both_passes() -> None:
    verdict = judge(report(around(0.5, 400), around(0.3, 400, 1), around(0.4, 400, 2)), GATE, live="v00001")
    assert verdict.refusals == verdict.remarks == []
    assert verdict.text.startswith("passed: for-you ndcg@10 of 400 users 0.5000, +0.1000 (95%: +0.09")
    assert "against live recipe (0.4000); +0.2000 (95%: " in verdict.text
    against_live, against_best = verdict.comparisons
    assert (against_live.ours, against_live.theirs, against_best.theirs) == pytest.approx((0.5, 0.4, 0.3))
    assert against_live.low < 0.1 < against_live.high


def test_the_interval_must_lie_below_the_tolerance() -> None:
    """0.02 of the live figure 0.4 is 0.008; the half-width of 400 differences of deviation 0.07 is about 0.007."""
    live, best = around(0.4, 400, 1), around(0.1, 400, 2)
    by_more = "significantly worse than the live recipe by more than 2%"
    assert judge(report(around(0.38, 400), best, live), GATE, live="v00001").refusals == [by_more]
    inside = judge(report(around(0.39, 400), best, live), GATE, live="v00001")
    assert inside.comparisons[0].high < 0, "significantly worse, but not by that much"
    assert inside.refusals == []
    strict = judge(report(around(0.38, 400), best, live), Gate(tolerance=0), live="v00001")
    assert strict.refusals == ["significantly worse than the live recipe"]


def test_worse_than_best_sellers_needs_the_whole_interval() -> None:
    refused = judge(report(around(0.2, 400), around(0.3, 400, 1)), GATE, live="v00001")
    assert refused.refusals == ["significantly worse than best sellers"]
    assert refused.text.startswith(
        "refused: significantly worse than best sellers; for-you ndcg@10 of 400 users 0.2000"
    )
    assert judge(report(around(0.2999, 400), around(0.3, 400, 1)), GATE, live="v00001").refusals == []


@pytest.mark.parametrize(("n", "refused"), [(998, False), (1000, True)])
def test_from_a_thousand_users_on_better_must_be_proven(n: int, refused: bool) -> None:
    verdict = judge(report(around(0.3, n), around(0.3, n, 1)), GATE, live="v00001")
    assert verdict.refusals == (["not significantly better than best sellers"] if refused else [])


def test_few_users_refuse_nothing_and_say_how_many() -> None:
    verdict = judge(report(around(0.1, 28), around(0.4, 28, 1), around(0.4, 28, 2)), GATE, live="v00001")
    assert verdict.refusals == []
    assert verdict.remarks == ["not measured: the holdout has 28 users to ask for-you about, a verdict needs 30"]
    alone = judge(report(around(0.1, 1), around(0.4, 1)), GATE, live="v00001")
    assert (alone.n_users, alone.comparisons, alone.refusals) == (1, [], [])
    nobody = judge(EvaluationReport([], [], [], "ndcg@10", 0.0, 0.0), GATE, live="v00001")
    assert nobody.text == "passed: not measured: the holdout has 0 users to ask for-you about, a verdict needs 30"


def test_a_first_model_passes_and_says_what_is_wrong_with_it() -> None:
    verdict = judge(report(around(0.2, 400), around(0.3, 400, 1)), GATE, live=None)
    assert verdict.refusals == []
    assert verdict.remarks == ["first model: nothing to compare with", "though significantly worse than best sellers"]


def test_equal_recipes_are_never_refused_for_each_other() -> None:
    """The same recipe from the same seed gives the same figures: not one false alarm, not one in twenty."""
    same = around(0.4, 2000)
    assert judge(report(same, around(0.1, 2000, 1), same), Gate(tolerance=0), live="v00001").refusals == []
