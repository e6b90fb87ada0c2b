from __future__ import annotations

import numpy as np
import pytest

from recommender.models import PurchaseCycles, Repurchase
from recommender.models.logistic import fit_logistic, probabilities
from recommender.models.repurchase import ItemHabits, Occasions
from tests.hand_made import START, E, make_events

DAY = 86_400


def fit(*rows: E, category: list[int], **parameters: float) -> PurchaseCycles:
    events = make_events(*rows)
    return Repurchase(**parameters).fit(events, np.array(category, dtype=np.int32), events.as_of)


def test_gaps_are_the_users_own_shrunk_towards_the_items() -> None:
    rows = [E(0, user=0, day=day) for day in (0, 10, 20)] + [E(1, user=1, day=100)]
    cycles = fit(*rows, category=[-1, -1])
    place = cycles.place(0, 0)
    assert place is not None
    # spanned 20 days over 2 gaps; the shop's gap is (20 + 30 * 10) / (2 + 10), the item's (20 + shop * 10) / (2 + 10)
    shop = 320 / 12
    item = (20 + shop * 10) / 12
    gap = (20 + 2 * item) / (2 + 2)
    assert cycles.times[place] == 3
    assert cycles.due_time[place] == pytest.approx(START + (20 + gap) * DAY, abs=1)
    assert cycles.item_gap_days[0] == pytest.approx(item)
    assert cycles.place(0, 1) is None


def test_several_lines_of_one_day_are_one_purchase() -> None:
    cycles = fit(
        E(0, user=0, day=1), E(0, user=0, day=1.2), E(0, user=0, day=3), E(1, user=1, day=9), category=[-1, -1]
    )
    assert cycles.times.tolist() == [2, 1]


def test_what_customers_come_back_for_is_a_consumable() -> None:
    rows = [E(0, user=user, day=day) for user in range(20) for day in (user, user + 30)]
    rows += [E(1, user=user, day=user) for user in range(20)]
    cycles = fit(*rows, category=[0, 1])
    assert cycles.consumable.tolist() == [True, False]
    assert cycles.item_repeaters.tolist() == [20, 0]
    assert cycles.item_gap_days[0] == pytest.approx(30, abs=2)


def test_what_was_just_bought_is_offered_shortly_before_the_first_come_back() -> None:
    rows = [E(0, user=user, day=day) for user in range(30) for day in range(user % 5, 200, 30)]
    rows += [E(0, user=99, day=199), E(0, user=98, day=165)]
    cycles = fit(*rows, category=[0], horizon_days=7)
    now = START + 199 * DAY
    just, long_ago = (cycles.place(user, 0) for user in (99, 98))
    assert just is not None
    assert long_ago is not None
    assert cycles.offered_from[just] == pytest.approx(START + (199 + 30 - 7) * DAY, abs=2 * DAY)
    assert cycles.offered_from[long_ago] < now
    assert cycles.probability[long_ago] > cycles.probability[just]


def test_who_buys_often_is_likelier_to_buy_again() -> None:
    rng = np.random.default_rng(0)
    rows = [E(0, user=user, day=float(day)) for user in range(40) for day in rng.choice(200, 2 + user, replace=False)]
    cycles = fit(*rows, category=[0])
    assert np.corrcoef(cycles.times, cycles.probability)[0, 1] > 0.6
    assert ((cycles.probability > 0) & (cycles.probability < 1)).all()


def test_without_times_nothing_is_due_but_consumables_are_known() -> None:
    rows = [E(0, user=user, order=10 * user + n, day=None) for user in range(8) for n in range(3)]
    rows += [E(1, user=user, order=10 * user, day=None) for user in range(8)]
    cycles = fit(*rows, category=[0, 1])
    assert len(cycles.items) == 0
    assert cycles.consumable.tolist() == [True, False]


def test_the_future_plays_no_part() -> None:
    rows = [E(0, user=user, day=day) for user in range(10) for day in (user, user + 20)]
    events = make_events(*rows, E(0, user=0, day=300), E(0, user=3, day=301))
    occasions = Occasions.of(events, 1)
    cut = START + 100 * DAY
    category = np.zeros(1, dtype=np.int32)
    alone = Occasions.of(make_events(*rows, n_users=10), 1)
    for name in ("rate", "gap_days", "early", "comes_back", "rise"):
        ours, theirs = (getattr(ItemHabits.of(one.until(cut), one, category), name) for one in (occasions, alone))
        np.testing.assert_allclose(ours, theirs)


def test_logistic_regression_meets_its_prior_and_the_data() -> None:
    prior, precision = np.array([-1.0, 0.5]), np.array([1.0, 2.0])
    none = fit_logistic(np.zeros((0, 2)), np.zeros(0, dtype=bool), prior, precision)
    np.testing.assert_array_equal(none, prior)
    rng = np.random.default_rng(1)
    features = np.column_stack([np.ones(20_000), rng.normal(size=20_000)])
    truth = np.array([-2.0, 1.5])
    happened = rng.random(20_000) < probabilities(features, truth)
    found = fit_logistic(features, happened, prior, precision)
    np.testing.assert_allclose(found, truth, atol=0.1)
    gradient = features.T @ (happened - probabilities(features, found)) - precision * (found - prior)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)
