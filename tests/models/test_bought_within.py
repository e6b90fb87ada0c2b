from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import BoughtWithin, SimilarityModel
from tests.hand_made import E, make_events, random_events, steady

CATEGORY = np.array([0, 0, 0, 1, 1, -1], dtype=np.int32)


def as_dict(model: SimilarityModel) -> dict[tuple[int, int], tuple[float, int]]:
    found = {}
    for item in range(len(model.indptr) - 1):
        neighbours, scores, support = model.row(item)
        assert all(np.diff(scores) <= 0)
        found |= {(item, int(j)): (float(s), int(n)) for j, s, n in zip(neighbours, scores, support, strict=True)}
    return found


def test_a_purchase_counts_half_after_the_half_life() -> None:
    rows = [E(0, user=0, day=0), E(1, user=0, day=40), E(0, user=1, day=40), E(1, user=1, day=100)]
    events = make_events(*rows, E(0, user=2, day=1), E(1, user=3, day=100), E(5, user=0, day=100))
    found = as_dict(BoughtWithin(half_life_days=60).fit(events, CATEGORY, events.as_of))
    assert found == {
        (0, 1): (pytest.approx((0.5 + 1) / (3 + 10)), 2),
        (1, 0): (pytest.approx((2 ** (-100 / 60) + 0.5) / (3 + 10)), 2),
    }


def test_the_last_purchase_counts() -> None:
    rows = [E(item, user=user, day=0) for user in (0, 1) for item in (0, 1)]
    events = make_events(*rows, E(1, user=0, day=60))
    found = as_dict(BoughtWithin(half_life_days=60).fit(events, CATEGORY, events.as_of))
    assert found[0, 1] == (pytest.approx(1.5 / 12), 2)


def test_the_strongest_are_kept_and_one_user_alone_says_nothing() -> None:
    rows = [E(item, user=user) for user in range(3) for item in (0, 1)] + [E(2, user=user) for user in range(2)]
    events = make_events(*rows, E(3, user=0), E(4, user=0), E(5, user=0))
    found = as_dict(BoughtWithin(max_neighbours=1).fit(events, CATEGORY, None))
    assert found == {
        (0, 1): (pytest.approx(3 / 13), 3),
        (1, 0): (pytest.approx(3 / 13), 3),
        (2, 0): (pytest.approx(2 / 12), 2),
    }


def test_of_a_wholesaler_the_latest_items_count() -> None:
    n_items = 62
    rows = [E(item, user=user, day=float(item)) for user in range(2) for item in range(n_items)]
    events = make_events(*rows)
    model = BoughtWithin(max_neighbours=100).fit(events, np.zeros(n_items, dtype=np.int32), events.as_of)
    assert np.diff(model.indptr).tolist() == [0, 0] + [59] * 60


def test_nothing_bought() -> None:
    assert as_dict(BoughtWithin().fit(make_events(), CATEGORY, None)) == {}


@steady
@given(random_events(("purchase",)))
def test_it_is_what_counting_user_by_user_gives(events: Events) -> None:
    model = BoughtWithin(half_life_days=20, max_neighbours=100)
    expected = by_hand(events, 20)
    found = as_dict(model.fit(events, CATEGORY, events.as_of))
    assert found.keys() == expected.keys()
    for pair, (share, users) in expected.items():
        assert found[pair] == (pytest.approx(share, rel=1e-5), users)


@steady
@given(random_events(("purchase",)))
def test_blocks_change_nothing(events: Events) -> None:
    whole = BoughtWithin().fit(events, CATEGORY, events.as_of)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("recommender.models.bought_within.PAIRS_PER_BLOCK", 1)
        assert as_dict(BoughtWithin().fit(events, CATEGORY, events.as_of)) == as_dict(whole)


def by_hand(events: Events, half_life_days: float) -> dict[tuple[int, int], tuple[float, int]]:
    last: dict[tuple[int, int], int] = {}
    for user, item, time in zip(events.user.tolist(), events.item.tolist(), events.time.tolist(), strict=True):
        if user >= 0:
            last[user, item] = time
    found = {}
    for i in range(6):
        buyers = {user for user, item in last if item == i}
        for j in set(np.flatnonzero(CATEGORY[i] == CATEGORY).tolist()) - {i}:
            both = [user for user in buyers if (user, j) in last]
            if len(both) < 2 or CATEGORY[i] < 0:
                continue
            now = events.as_of
            ages = [0.0 if now is None else (now - last[user, j]) / SECONDS_PER_DAY for user in both]
            found[i, j] = (sum(2 ** (-age / half_life_days) for age in ages) / (len(buyers) + 10), len(both))
    return found
