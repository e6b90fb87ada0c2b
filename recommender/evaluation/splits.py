"""Cutting events into what a model may know and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.config import DEFAULT_EVENT_WEIGHTS, Evaluation
from recommender.dataset import Events, distinct, distinct_places
from recommender.errors import ConfigError, DataError
from recommender.matrix import SECONDS_PER_DAY, main_event_type

SplitKind = Literal["time", "leave_last_order_out", "leave_last_item_out", "random", "given"]
LEAVES_FUTURE = (
    "other users' later events train the model that is asked about earlier ones, so the figures are too good"
)


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """What stands on each side.

    `cold_users` and `cold_items` are those of the test side of which training has no event: they are counted here,
    and no model can be right about a cold item.
    """

    train_events: int
    test_events: int
    train_users: int
    test_users: int
    train_items: int
    test_items: int
    cold_users: int
    cold_items: int


@dataclass(frozen=True, slots=True)
class Split:
    """Training and test events in the same id spaces.

    `kind` is what the cut claims to be, which `checks.check_split` holds it to; `note` says how it was made and what it
    leaks; `user_disjoint` claims that nobody stands on both sides.
    """

    train: Events
    test: Events
    note: str
    kind: SplitKind = "time"
    user_disjoint: bool = False

    @property
    def counts(self) -> SplitCounts:
        """How much stands on each side, and how much of the test side training never met."""
        users, items = (
            [distinct(getattr(side, name)) for side in (self.train, self.test)] for name in ("user", "item")
        )
        users = [found[found >= 0] for found in users]
        return SplitCounts(
            train_events=len(self.train),
            test_events=len(self.test),
            train_users=len(users[0]),
            test_users=len(users[1]),
            train_items=len(items[0]),
            test_items=len(items[1]),
            cold_users=len(np.setdiff1d(users[1], users[0], assume_unique=True)),
            cold_items=len(np.setdiff1d(items[1], items[0], assume_unique=True)),
        )


def split_events(
    events: Events,
    config: Evaluation,
    seed: int = 0,
    *,
    test: Events | None = None,
    event_weights: Mapping[str, float] = DEFAULT_EVENT_WEIGHTS,
    most_users: int | None = None,
) -> Split:
    """Cut as `config.split` says; events without times are cut at random, and the note says so.

    `test` are the events of the `given` split. `event_weights` tell which events are the goal, whose last order or item
    is left out. `most_users` cuts so many users at most, drawn by the seed; all events of the others, of sessions and
    of guests stay in training. A time split cuts everybody's.

    Raises
    ------
    ConfigError
        If the split is `given` and there are no test events.
    DataError
        If a side would be empty.
    """
    if config.split == "given":
        return _given(events, test)
    if config.split == "random" or not events.has_times:
        why = "as configured" if config.split == "random" else "the events have no times"
        return _cut(
            events,
            _of_few(_random_pairs(events, config.test_share, seed), events, most_users, seed),
            f"random split ({why}): {config.test_share:.0%} of each user's items are the test; {LEAVES_FUTURE}, and "
            "parts of one order stand on both sides",
            "random",
            f"test_share = {config.test_share:g}: leaves a side of {len(events):,} events empty; a user needs several "
            "items",
        )
    if config.split == "time":
        days = (events.time[-1] - events.time[0]) / SECONDS_PER_DAY
        return _cut(
            events,
            events.time > events.time[-1] - int(config.test_days * SECONDS_PER_DAY),
            f"time split: the last {config.test_days:g} days are the test",
            "time",
            f"test_days = {config.test_days:g}: leaves a side empty; the data spans {days:.1f} days, choose fewer",
        )
    part, held_out = LAST[config.split]
    return _cut(
        events,
        _of_few(held_out(events, event_weights), events, most_users, seed),
        f"{config.split} split: each user's last {part}, and what the user did after it, is the test; {LEAVES_FUTURE}",
        config.split,
        f'split = "{config.split}": nobody has two {part}s at different times; choose "time" or "random"',
    )


def _given(train: Events, test: Events | None) -> Split:
    if test is None:
        raise ConfigError('evaluation.split = "given" needs evaluation.test_events, a file with the test events')
    if not len(train) or not len(test):
        raise DataError("evaluation.test_events: leaves a side empty; both files need rows that are used")
    when = ""
    if train.has_times and test.has_times:
        late = int((train.time > test.time[0]).sum())
        when = f"; {late:,} training events are later than the first test event" if late else "; all of it is later"
    return Split(train, test, f"given split: the test side is evaluation.test_events{when}", "given")


def _cut(events: Events, held_out: NDArray[np.bool_], note: str, kind: SplitKind, problem: str) -> Split:
    if held_out.all() or not held_out.any():
        raise DataError(f"evaluation.{problem}")
    return Split(events.where(~held_out), events.where(held_out), note, kind)


def _random_pairs(events: Events, share: float, seed: int) -> NDArray[np.bool_]:
    """Return the events, shape (E,), of a share of each actor's distinct items, never of all of them."""
    n_items = int(events.item.max(initial=0)) + 1
    pairs, _, pair_of = distinct_places(events.actor.astype(np.int64) * n_items + events.item)
    if not len(pairs):
        return np.zeros(0, dtype=bool)
    actors = pairs // n_items
    order = np.lexsort((np.random.default_rng(seed).random(len(pairs)), actors))
    starts = np.flatnonzero(np.diff(actors, prepend=-1))
    sizes = np.diff(np.append(starts, len(pairs)))
    place = np.empty(len(pairs), dtype=np.int64)
    place[order] = np.arange(len(pairs)) - np.repeat(starts, sizes)
    most = np.minimum(np.floor(share * sizes + 0.5), sizes - 1)
    return np.asarray((place < np.repeat(most, sizes))[pair_of])


def _of_few(held_out: NDArray[np.bool_], events: Events, most: int | None, seed: int) -> NDArray[np.bool_]:
    """Return the held-out events, shape (E,), of at most `most` users with an id; all of them where it is None."""
    if most is None:
        return held_out
    users = distinct(events.user[held_out & (events.user >= 0)])
    return held_out & np.isin(events.user, np.random.default_rng(seed).permutation(users)[:most])


def _after_last_order(events: Events, weights: Mapping[str, float]) -> NDArray[np.bool_]:
    """Return each user's events from the first of the last order on, shape (E,); one order alone stays in training.

    Without order ids an order is what one session, else one day, holds.
    """
    goals = _goals_of_users(events, weights)
    day = events.time // SECONDS_PER_DAY
    anonymous = np.where(events.session >= 0, events.session, events.n_sessions + day)
    order = np.where(events.order >= 0, events.order, events.n_orders + anonymous)
    last = _last_of_users(events, goals)
    of_last = goals[order[goals] == order[last[events.user[goals]]]]
    first = np.full(events.n_users + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, events.user[of_last], events.time[of_last])
    return _with_training_goal(events, events.time >= first[events.user], goals)


def _after_last_item(events: Events, weights: Mapping[str, float]) -> NDArray[np.bool_]:
    """Return each user's last goal event, all of the same user, item and time, and what is later, shape (E,)."""
    goals = _goals_of_users(events, weights)
    last = _last_of_users(events, goals)
    known = np.flatnonzero((events.user >= 0) & (last[events.user] >= 0))
    of = last[events.user[known]]
    held_out = np.zeros(len(events), dtype=bool)
    same = (events.time[known] == events.time[of]) & (events.item[known] == events.item[of])
    held_out[known] = same | (events.time[known] > events.time[of])
    return _with_training_goal(events, held_out, goals)


def _goals_of_users(events: Events, weights: Mapping[str, float]) -> NDArray[np.int64]:
    return np.flatnonzero(events.is_type(main_event_type(events, weights)) & (events.user >= 0))


def _last_of_users(events: Events, goals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each user's last goal event, shape (U + 1,), -1 for none and for events without a user."""
    last = np.full(events.n_users + 1, -1)
    np.maximum.at(last, events.user[goals], goals)
    return last


def _with_training_goal(events: Events, held_out: NDArray[np.bool_], goals: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the mask without users of whom no goal event would be left to train on."""
    trains = np.zeros(events.n_users + 1, dtype=bool)
    trains[events.user[goals[~held_out[goals]]]] = True
    return np.asarray(held_out & trains[events.user])


LAST: dict[str, tuple[str, Callable[[Events, Mapping[str, float]], NDArray[np.bool_]]]] = {
    "leave_last_order_out": ("order", _after_last_order),
    "leave_last_item_out": ("item", _after_last_item),
}
