from __future__ import annotations

import numpy as np
import pytest
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation import statistics
from recommender.evaluation.statistics import bootstrap_means, compare_paired, holm, interval, sign_flip_p

NAN = float("nan")


def covers(n: int, runs: int, *, orders_per_user: int = 1) -> float:
    """Return how often the interval of simulated shops holds the mean they were drawn with."""
    rng = np.random.default_rng(0)
    held = 0
    for run in range(runs):
        taste = rng.gamma(1.0, 0.2, n)
        values = np.repeat(taste, orders_per_user) + rng.normal(0, 0.05, n * orders_per_user)
        units = np.repeat(np.arange(n), orders_per_user)
        low, high = interval(bootstrap_means(values[:, None], units, resamples=400, seed=run))
        held += bool(low[0] <= 0.2 <= high[0])
    return held / runs


def test_intervals_hold_the_truth_in_95_of_100_shops() -> None:
    assert 0.92 <= covers(150, 400) <= 0.975


def test_orders_of_one_user_are_drawn_together() -> None:
    """Drawn one by one they would look like ten times the users, and the interval would be far too narrow."""
    assert 0.91 <= covers(100, 300, orders_per_user=10) <= 0.98
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=50), 20)[:, None]
    together, alone = (interval(bootstrap_means(values, units)) for units in (np.repeat(np.arange(50), 20), None))
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_the_same_model_twice_is_called_different_in_5_of_100() -> None:
    rng = np.random.default_rng(1)
    shops = 1_000
    a, b = rng.gamma(1.0, 0.2, (2, 80, shops))
    p = sign_flip_p(a - b, flips=999)
    assert 0.035 <= (p <= 0.05).mean() <= 0.065
    low, high = interval(bootstrap_means(a - b))
    assert 0.035 <= ((low > 0) | (high < 0)).mean() <= 0.075


def test_p_by_hand() -> None:
    # of the four signs of (1, 2), two give a sum of at least 3 in size
    p = sign_flip_p(np.array([[1.0], [2.0]]), flips=4_000)
    assert p[0] == pytest.approx(0.5, abs=0.03)
    assert sign_flip_p(np.zeros((10, 1)))[0] == 1
    assert sign_flip_p(np.ones((40, 1)), flips=999)[0] == pytest.approx(1 / 1000)
    # two orders of one user count once
    assert sign_flip_p(np.ones((2, 1)), np.array([7, 7]), flips=999)[0] == 1


def test_a_real_difference_is_found_with_its_size() -> None:
    rng = np.random.default_rng(2)
    base = rng.random(400)
    found = compare_paired(base + 0.05 + rng.normal(0, 0.1, 400), base)
    assert found.low < 0.05 < found.high
    assert found.low > 0
    assert found.p < 0.001
    assert found.n == 400
    mirrored = compare_paired(base, base + 0.05)
    assert mirrored.difference == pytest.approx(-0.05)
    assert mirrored.high < 0


def test_nothing_to_resample_is_no_interval() -> None:
    means = bootstrap_means(np.array([[1.0, NAN], [3.0, NAN]]))
    assert np.isnan(means[:, 1]).all()
    low, high = interval(means)
    assert (low[0], high[0]) == (1, 3)
    assert np.isnan([low[1], high[1]]).all()


def test_cases_without_a_value_are_left_out() -> None:
    values = np.array([[1.0], [NAN], [1.0], [NAN]])
    means = bootstrap_means(values, resamples=200)
    assert set(np.unique(means[~np.isnan(means)])) == {1.0}


def test_blocks_do_not_change_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((50, 3))
    whole = bootstrap_means(values), sign_flip_p(values - 0.5, flips=99)
    monkeypatch.setattr(statistics, "BLOCK_BYTES", 8 * 50 * 7)
    np.testing.assert_allclose(bootstrap_means(values), whole[0])
    assert bootstrap_means(values).shape == (statistics.RESAMPLES, 3)
    assert (np.abs(sign_flip_p(values - 0.5, flips=99) - whole[1]) < 0.2).all()


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).random((30, 1))
    assert bootstrap_means(values).tolist() == bootstrap_means(values).tolist()
    assert bootstrap_means(values, seed=1).tolist() != bootstrap_means(values).tolist()


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([], []),
        ([0.04], [0.04]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 x 0.01; 2 x 0.03; 1 x 0.04, but no less than the one before
        ([0.5, 0.4, 0.6], [1.0, 1.0, 1.0]),
        ([0.01, 0.02], [0.02, 0.02]),
    ],
)
def test_holm_by_hand(p: list[float], adjusted: list[float]) -> None:
    assert holm(p) == pytest.approx(adjusted)


@steady
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_and_keeps_their_order(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(after >= before for before, after in zip(p, adjusted, strict=True))
    assert sorted(range(len(p)), key=lambda i: (p[i], i)) == sorted(range(len(p)), key=lambda i: (adjusted[i], p[i], i))
