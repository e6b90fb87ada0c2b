from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import assume, given
from hypothesis import strategies as st

from recommender.config import Evaluation
from recommender.dataset import Events
from recommender.errors import ConfigError, DataError
from recommender.evaluation import Split, split_events
from recommender.evaluation.splits import SplitKind
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


KINDS = ("time", "leave_last_order_out", "leave_last_item_out", "random")


@steady
@given(random_events(), st.sampled_from(KINDS), st.integers(1, 50), st.integers(0, 3))
def test_no_event_is_lost_or_on_both_sides(events: Events, kind: str, test_days: int, seed: int) -> None:
    config = Evaluation(split=kind, test_days=test_days, test_share=0.4)
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
    assert split.kind == (kind if events.has_times else "random")
    if split.kind == "time":
        assert split.train.time.max() <= events.time.max() - test_days * SECONDS_PER_DAY < split.test.time.min()


def test_random_split_holds_out_a_share_of_each_users_items_and_says_what_it_leaks() -> None:
    each = [E(item, user=user, day=day) for user in range(40) for item in range(10) for day in (0.0, 1.0 + user)]
    events = make_events(*each, E(0, user=40, day=1), *(E(item, user=41, day=2) for item in range(2)))
    split = split_events(events, Evaluation(split="random", test_share=0.3))
    pairs = {(user, item) for user, item, *_ in ((row[0], row[3]) for row in rows(split.test))}
    per_user = np.bincount([user for user, _ in pairs], minlength=42)
    assert per_user[:40].tolist() == [3] * 40
    assert per_user[40:].tolist() == [0, 1]  # of one item none, of two rather one than none
    assert len(split.test) == 2 * 3 * 40 + 1  # both events of a pair go to one side
    assert pairs.isdisjoint({(row[0], row[3]) for row in rows(split.train)})
    assert split.test.time.min() < START + SECONDS_PER_DAY  # all over the time
    assert "as configured" in split.note
    assert "too good" in split.note
    again = split_events(events, Evaluation(split="random", test_share=0.3))
    assert again.test.item.tolist() == split.test.item.tolist()
    other = split_events(events, Evaluation(split="random", test_share=0.3), seed=1)
    assert other.test.item.tolist() != split.test.item.tolist()


@pytest.mark.parametrize("kind", ["random", "leave_last_item_out"])
def test_a_few_users_can_be_cut_and_the_others_left_whole(kind: SplitKind) -> None:
    each = [E(item, user=user, day=item) for user in range(40) for item in range(10)]
    events = make_events(*each, *(E(item, session=0, day=item) for item in range(10)))
    split = split_events(events, Evaluation(split=kind), most_users=7)
    assert len(set(split.test.user.tolist())) == 7
    assert (split.test.user >= 0).all()
    assert len(split.train) + len(split.test) == len(events)
    assert (
        split_events(events, Evaluation(split=kind), seed=1, most_users=7).test.user.tolist()
        != split.test.user.tolist()
    )
    everybody = split_events(events, Evaluation(split=kind)).test
    assert split_events(events, Evaluation(split=kind), most_users=99).test.user.tolist() == [
        user for user in everybody.user.tolist() if user >= 0
    ]


def test_without_times_every_split_is_random_and_says_so() -> None:
    events = make_events(*(E(item, user=user, day=None) for user in range(9) for item in range(9)))
    for kind in KINDS[:3]:
        split = split_events(events, Evaluation(split=kind))
        assert len(split.test) == 18
        assert split.kind == "random"
        assert "no times" in split.note


def test_last_order_and_what_came_after_it() -> None:
    events = make_events(
        E(0, user=0, order=0, day=1),
        E(1, user=0, order=1, day=5),
        E(2, user=0, order=1, day=6),  # the same order, written a day later
        E(3, "view", user=0, day=5.5),
        E(4, "view", user=0, day=4),
        E(5, "return", user=0, order=0, day=7),
        E(6, user=1, order=2, day=9),  # one order alone trains
        E(7, "view", user=1, day=1),
        E(8, order=3, day=10),  # a guest has no last order
        E(9, user=2, day=1),  # without order ids a day is an order
        E(10, user=2, day=2.1),
        E(11, user=2, day=2.2),
    )
    split = split_events(events, Evaluation(split="leave_last_order_out"))
    assert sorted(split.test.item.tolist()) == [1, 2, 3, 5, 10, 11]
    assert "each user's last order" in split.note
    assert "too good" in split.note


def test_last_item_of_each_user() -> None:
    events = make_events(
        E(0, user=0, order=0, day=1),
        E(1, user=0, order=1, day=5),
        E(2, "view", user=0, day=5),
        E(2, user=0, order=1, day=5),
        E(3, "view", user=0, day=6),
        E(4, user=1, day=2),  # all that is known of this one trains
        E(5, "view", user=1, day=1),
    )
    split = split_events(events, Evaluation(split="leave_last_item_out"))
    assert sorted(zip(split.test.item.tolist(), split.test.event_type.tolist(), strict=True)) == [
        (2, 1),
        (2, 3),
        (3, 3),
    ]


def test_the_goal_of_the_last_order_is_what_weighs_most_where_nothing_is_bought() -> None:
    events = make_events(
        E(0, "add_to_cart", user=0, day=1), E(1, "add_to_cart", user=0, day=2), E(2, "view", user=0, day=3)
    )
    split = split_events(events, Evaluation(split="leave_last_item_out"))
    assert split.test.item.tolist() == [1, 2]


def test_counts_what_training_never_met() -> None:
    train = make_events(E(0, user=0), E(1, user=1), n_users=4)
    test = make_events(E(0, user=0), E(5, user=2), E(6, user=2), E(5, session=0), n_users=4)
    assert asdict(Split(train, test, "", "given").counts) == {
        "train_events": 2,
        "test_events": 4,
        "train_users": 2,
        "test_users": 2,
        "train_items": 2,
        "test_items": 3,
        "cold_users": 1,
        "cold_items": 2,
    }


def test_given_sides_say_whether_they_overlap_in_time() -> None:
    given = Evaluation(split="given", test_events="test.csv")
    train = make_events(E(0, user=0, day=0), E(1, user=0, day=9))
    late, early = make_events(E(2, user=0, day=10)), make_events(E(2, user=0, day=5))
    assert "all of it is later" in split_events(train, given, test=late).note
    assert "1 training events are later than the first test event" in split_events(train, given, test=early).note
    nothing = late.where(np.zeros(1, dtype=bool))
    with pytest.raises(DataError, match="leaves a side empty"):
        split_events(train, given, test=nothing)
    with pytest.raises(ConfigError, match=r"needs evaluation\.test_events"):
        split_events(train, given)


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


@pytest.mark.parametrize("kind", ["leave_last_order_out", "leave_last_item_out"])
def test_nobody_bought_twice(kind: str) -> None:
    events = make_events(E(0, user=0, day=0), E(1, user=1, day=7), E(1, order=0, day=8))
    with pytest.raises(DataError, match=f'split = "{kind}": nobody has two'):
        split_events(events, Evaluation(split=kind))
