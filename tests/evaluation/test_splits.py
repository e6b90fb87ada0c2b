from __future__ import annotations

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import assume, given
from hypothesis import strategies as st

from recommender.config import Evaluation
from recommender.dataset import Events
from recommender.errors import DataError
from recommender.evaluation import split_events
from recommender.matrix import SECONDS_PER_DAY


def rows(events: Events) -> list[tuple[object, ...]]:
    columns = (events.user, events.session, events.order, events.item, events.event_type, events.time, events.quantity)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_time_split_cuts_just_after_test_days_before_the_last_event() -> None:
    days = [0, 10, 20 - 1 / SECONDS_PER_DAY, 20, 20 + 1 / SECONDS_PER_DAY, 25, 30]
    events = make_events(*(E(item, user=0, day=day) for item, day in enumerate(days)))
    split = split_events(events, Evaluation(test_days=10))
    assert split.train.item.tolist() == [0, 1, 2, 3]
    assert split.test.item.tolist() == [4, 5, 6]
    assert split.note == "time split: the last 10 days are the test"


@steady
@given(random_events(), st.integers(1, 50), st.integers(0, 3))
def test_no_event_is_lost_or_on_both_sides(events: Events, test_days: int, seed: int) -> None:
    config = Evaluation(test_days=test_days, test_share=0.4)
    try:
        split = split_events(events, config, seed)
    except DataError:
        assume(False)
        return
    assert sorted(rows(split.train) + rows(split.test)) == sorted(rows(events))
    assert len(split.train) > 0
    assert len(split.test) > 0
    for side in (split.train, split.test):
        assert (side.n_users, side.n_sessions, side.n_orders) == (events.n_users, events.n_sessions, events.n_orders)
        assert (np.diff(side.time.astype(float)) >= 0).all()
    if events.has_times:
        assert split.train.time.max() <= events.time.max() - test_days * SECONDS_PER_DAY < split.test.time.min()


def test_random_split_holds_out_its_share_and_says_what_it_leaks() -> None:
    events = make_events(*(E(0, user=0, day=number / 100) for number in range(2_000)))
    split = split_events(events, Evaluation(split="random", test_share=0.3))
    assert 0.26 < len(split.test) / 2_000 < 0.34
    assert split.test.time.min() < START + SECONDS_PER_DAY  # all over the time
    assert "as configured" in split.note
    assert "too good" in split.note
    again = split_events(events, Evaluation(split="random", test_share=0.3))
    assert again.test.time.tolist() == split.test.time.tolist()
    other = split_events(events, Evaluation(split="random", test_share=0.3), seed=1)
    assert other.test.time.tolist() != split.test.time.tolist()


def test_without_times_a_time_split_is_random_and_says_so() -> None:
    events = make_events(*(E(0, user=0, day=None) for _ in range(200)))
    split = split_events(events, Evaluation(split="time"))
    assert len(split.test) > 0
    assert "no times" in split.note


def test_too_short_for_its_test_period() -> None:
    events = make_events(E(0, user=0, day=0), E(1, user=0, day=7))
    with pytest.raises(DataError, match=r"test_days = 7\.1: .* spans 7\.0 days, choose fewer") as refused:
        split_events(events, Evaluation(test_days=7.1))
    assert refused.value.exit_code == 3
    assert len(split_events(events, Evaluation(test_days=7)).train) == 1


@pytest.mark.parametrize("n_events", [0, 1])
def test_a_random_split_of_too_little(n_events: int) -> None:
    events = make_events(*(E(0, user=0, day=None) for _ in range(n_events)))
    with pytest.raises(DataError, match=rf"test_share = 0\.2: .* {n_events} events"):
        split_events(events, Evaluation())
