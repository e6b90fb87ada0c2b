"""Splits that are not what they claim to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made import E, make_events, random_events, steady
from hypothesis import assume, given
from hypothesis import strategies as st

from recommender.config import Evaluation
from recommender.dataset import Events
from recommender.errors import DataError
from recommender.evaluation import Split, check_split, split_events

KINDS = ("time", "leave_last_order_out", "leave_last_item_out", "random")


def shop(n: int = 400, seed: int = 0) -> Events:
    rng = np.random.default_rng(seed)
    rows = [
        E(int(rng.integers(20)), user=int(rng.integers(30)), order=number // 2, day=float(rng.random() * 60))
        for number in range(n)
    ]
    return make_events(*rows)


@steady
@given(random_events(), st.sampled_from(KINDS))
def test_our_own_splits_pass(events: Events, kind: str) -> None:
    try:
        split = split_events(events, Evaluation(split=kind, test_days=9))
    except DataError:
        assume(False)
        return
    check_split(split)


@pytest.mark.parametrize("claimed", ["time", "leave_last_order_out", "leave_last_item_out"])
def test_a_random_split_passed_off_as_another(claimed: str) -> None:
    events = shop()
    held_out = np.random.default_rng(0).random(len(events)) < 0.2
    fake = Split(events.where(~held_out), events.where(held_out), "cut late, I swear", claimed)  # type: ignore[arg-type]
    with pytest.raises(
        DataError, match=rf"this is no {claimed} split: \d+ .*test events.* call the split random"
    ) as said:
        check_split(fake)
    assert said.value.exit_code == 3


def test_the_message_counts() -> None:
    train = make_events(E(0, user=0, day=0), E(1, user=0, day=10), n_users=2)
    test = make_events(E(2, user=0, day=5), E(3, user=1, day=10), E(2, user=1, day=11), n_users=2)
    with pytest.raises(DataError, match=r"2 of 3 test events are not later.*2026-01-11 00:00:00 UTC"):
        check_split(Split(train, test, ""))
    check_split(Split(train, test.where(test.time > train.time[-1]), ""))


def test_a_time_split_of_events_without_times() -> None:
    events = make_events(*(E(item, user=0, day=None) for item in range(4)))
    half = np.array([True, True, False, False])
    with pytest.raises(DataError, match="without times"):
        check_split(Split(events.where(half), events.where(~half), ""))


def test_the_last_item_may_be_of_the_order_that_trains_but_the_last_order_may_not() -> None:
    together = make_events(E(0, user=0, order=0, day=1), E(1, user=0, order=0, day=1))
    first = np.array([True, False])
    sides = together.where(first), together.where(~first)
    check_split(Split(*sides, "", "leave_last_item_out"))
    with pytest.raises(DataError, match="1 test events of 1 users"):
        check_split(Split(*sides, "", "leave_last_order_out"))


def test_guests_have_no_last_order() -> None:
    events = make_events(E(0, order=0, day=9), E(0, user=0, order=1, day=1), E(1, user=0, order=2, day=5))
    held_out = events.item == 1
    check_split(Split(events.where(~held_out), events.where(held_out), "", "leave_last_order_out"))


def test_a_user_on_both_sides_of_disjoint_users() -> None:
    events = shop()
    split = split_events(events, Evaluation(test_days=20))
    check_split(split)
    with pytest.raises(DataError, match=r"\d+ of \d+ test users stand in training as well"):
        check_split(replace(split, user_disjoint=True))
    test_users = split.test.user < 5
    apart = replace(split, train=events.where(events.user >= 5), test=split.test.where(test_users), user_disjoint=True)
    with pytest.raises(DataError, match="not later"):  # disjoint, and no time split
        check_split(apart)
    check_split(replace(apart, kind="given"))


def test_a_pair_on_both_sides_of_a_random_split() -> None:
    events = shop()
    split = split_events(events, Evaluation(split="random"))
    check_split(split)
    leaked = replace(split, train=events)
    with pytest.raises(DataError, match=rf"{len(split.test)} of {len(split.test)} test events leaked into training"):
        check_split(leaked)
    by_event = np.random.default_rng(0).random(len(events)) < 0.2  # each event for itself: pairs are torn apart
    with pytest.raises(DataError, match="the same user and item stands on the training side of this random split"):
        check_split(Split(events.where(~by_event), events.where(by_event), "", "random"))


def test_a_given_pair_may_come_back_later_but_not_be_known_already() -> None:
    train = make_events(E(0, user=0, day=5), E(1, user=0, day=8), n_users=1)
    again = make_events(E(0, user=0, day=9), n_users=1)
    check_split(Split(train, again, "", "given"))
    for day in (2, 5):
        known = make_events(E(0, user=0, day=day), E(7, user=0, day=9), n_users=1)
        with pytest.raises(DataError, match=r"1 of 2 test events leaked into training.*no earlier"):
            check_split(Split(train, known, "", "given"))
    timeless = (make_events(E(0, user=0, day=None), n_users=1), make_events(E(0, user=0, day=None), n_users=1))
    with pytest.raises(DataError, match="leaked"):
        check_split(Split(*timeless, "", "given"))


def test_one_sided_splits_have_nothing_to_leak() -> None:
    events = shop()
    nothing = events.where(np.zeros(len(events), dtype=bool))
    for kind in KINDS:
        check_split(Split(nothing, events, "", kind))  # type: ignore[arg-type]
        check_split(Split(events, nothing, "", kind))  # type: ignore[arg-type]
