from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import given

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import ItemScores, NewArrivals, Popularity, Trending

UNKNOWN = -1


def test_popularity_is_the_share_of_active_users_by_freshness() -> None:
    events = make_events(
        E(0, user=0, day=0), E(0, user=0, day=20), E(0, user=1, day=30), E(1, user=1, day=20), E(1, order=0, day=10)
    )
    # half-life 10 days, now = day 30: user 0 counts 1/2, user 1 1, the guest 1/4
    model = Popularity(half_life_days=10).fit(events, 3, events.as_of)
    assert model.scores.tolist() == pytest.approx([1.5 / 1.75, 0.75 / 1.75, 0])
    assert model.support.tolist() == [2, 2, 0]
    assert model.order.tolist() == [0, 1]


def test_a_user_counts_once_however_often_he_buys() -> None:
    events = make_events(*[E(0, user=0, quantity=9)] * 50, E(1, user=1), E(1, user=2))
    assert Popularity().fit(events, 2, events.as_of).scores.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_popularity_tells_of_the_users_of_the_last_28_days() -> None:
    events = make_events(E(0, user=0, day=0), E(0, user=1, day=12), E(0, user=2, day=40))
    assert Popularity().fit(events, 1, events.as_of).support.tolist() == [2]


def test_popularity_without_times_counts_everybody() -> None:
    events = make_events(E(0, user=0, day=None), E(0, user=1, day=None), E(1, user=1, day=None))
    model = Popularity(half_life_days=1).fit(events, 2, None)
    assert model.scores.tolist() == [1.0, 0.5]
    assert model.support.tolist() == [2, 1]


def test_nobody_bought_anything() -> None:
    empty = make_events(n_users=3)
    for model in (
        Popularity().fit(empty, 2, None),
        Trending().fit(empty, 2, None),
        NewArrivals().fit(empty, np.full(2, UNKNOWN)),
    ):
        assert model.scores.tolist() == [0, 0]
        assert model.order.tolist() == []


@steady
@given(random_events())
def test_popularity_equals_a_slow_count(events: Events) -> None:
    fresh: dict[tuple[int, int], float] = defaultdict(float)
    active: dict[int, float] = defaultdict(float)
    for actor, item, time in zip(events.actor.tolist(), events.item.tolist(), events.time.tolist(), strict=True):
        age = (events.time[-1] - time) / SECONDS_PER_DAY if events.has_times else 0
        fresh[actor, item] = max(fresh[actor, item], 0.5 ** (age / 7))
        active[actor] = max(active[actor], 0.5 ** (age / 7))
    wanted = np.zeros(6)
    for (_, item), weight in fresh.items():
        wanted[item] += weight / sum(active.values())
    np.testing.assert_allclose(Popularity(half_life_days=7).fit(events, 6, events.as_of).scores, wanted, rtol=1e-5)


def test_trending_compares_with_the_four_windows_before() -> None:
    now, rows = 34.9, []
    rows += [E(0, user=user, day=now) for user in range(9)]  # 9 recent users; before: 2, 0, 1, 1 = 1 a window
    rows += [E(0, user=0, day=now - 7), E(0, user=1, day=now - 13), E(0, user=1, day=now - 25), E(0, user=1, day=0.5)]
    rows += [E(1, user=user, day=now - 1) for user in (0, 0, 0, 1)]  # 2 users; before: 3 a window
    rows += [E(1, user=user, day=now - 8 - 7 * back) for user in range(3) for back in range(4)]
    rows += [E(2, user=0, day=now - 2)]  # 1 user; nothing before
    events = make_events(*rows)
    model = Trending(days=7).fit(events, 3, events.as_of)
    z = (9 - 1) / np.sqrt(2)
    assert model.scores.tolist() == pytest.approx([z / (1 + z), 0, 0.5])
    assert model.support.tolist() == [9, 2, 1]
    assert model.order.tolist() == [0, 2]


def test_trending_forgets_what_lies_before_its_windows() -> None:
    rows = [E(0, user=0, day=100), *(E(0, user=user, day=50) for user in range(30))]
    events = make_events(*rows)
    assert Trending(days=7).fit(events, 1, events.as_of).scores.tolist() == [0.5]


def test_ages_count_from_the_last_event_of_the_shop_and_not_from_the_last_purchase() -> None:
    purchases = make_events(*(E(0, user=user, day=10) for user in range(5)))
    later = START + 60 * SECONDS_PER_DAY
    assert Trending(days=7).fit(purchases, 1, later).order.tolist() == []
    model = Popularity(half_life_days=28).fit(purchases, 1, later)
    assert (model.scores.tolist(), model.support.tolist()) == ([1.0], [0])


def test_without_times_nothing_is_trending_or_new() -> None:
    events = make_events(E(0, user=0, day=None))
    assert Trending().fit(events, 1, None).order.tolist() == []
    assert NewArrivals().fit(events, np.array([START])).order.tolist() == []


def created(*days: float | None) -> np.ndarray:
    return np.array([UNKNOWN if day is None else START + int(day * SECONDS_PER_DAY) for day in days])


def test_new_arrivals_fall_linearly_with_age() -> None:
    events = make_events(E(0, user=0, day=0), E(0, user=0, day=100))
    model = NewArrivals(days=40).fit(events, created(100, 90, 70, 60, 20))
    assert model.scores.tolist() == pytest.approx([1, 0.75, 0.25, 0, 0])
    assert model.support.tolist() == [0, 10, 30, 40, 80]
    assert model.order.tolist() == [0, 1, 2]


def test_first_sight_counts_where_the_creation_is_unknown() -> None:
    events = make_events(
        E(0, user=0, day=0),
        E(1, "view", user=0, day=80),
        E(1, user=0, day=95),
        E(2, user=0, day=90),
        E(3, user=0, day=100),
    )
    model = NewArrivals(days=40).fit(events, created(None, None, 0, None, None))
    assert model.scores.tolist() == pytest.approx([0, 0.5, 0, 1, 0])


def test_first_sight_in_the_first_half_of_the_data_tells_nothing() -> None:
    events = make_events(E(0, user=0, day=0), E(1, user=0, day=50), E(2, user=0, day=51), E(3, user=0, day=100))
    assert NewArrivals(days=365).fit(events, created(None, None, None, None)).order.tolist() == [3, 2]


def test_created_after_the_last_event_is_brand_new() -> None:
    events = make_events(E(0, user=0, day=0), E(0, user=0, day=10))
    model = NewArrivals(days=40).fit(events, created(None, 25))
    assert (model.scores[1], model.support[1]) == (1, 0)


def test_order_puts_the_best_first_and_ties_by_item() -> None:
    scores = np.array([0.5, 0, 0.9, 0.5], dtype=np.float32)
    assert ItemScores(scores, np.zeros(4, dtype=np.int32)).order.tolist() == [2, 0, 3]


def test_new_arrivals_do_not_see_what_does_not_count() -> None:
    events = make_events(*(E(item, user=0, day=float(day)) for day, item in enumerate([0, 1, 0, 2, 1, 2, 3, 0])))
    counted = events.item != 3
    created = np.full(4, -1, dtype=np.int64)
    found = NewArrivals(60.0).fit(events, created, counted=counted)
    wanted = NewArrivals(60.0).fit(events.where(counted), created)
    np.testing.assert_array_equal(found.scores, wanted.scores)
    np.testing.assert_array_equal(found.support, wanted.support)
