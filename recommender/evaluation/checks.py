"""Does a split keep what it claims? Leaks are errors, each with its number and what would be right."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Events, distinct, distinct_places
from recommender.errors import DataError
from recommender.evaluation.splits import Split


def check_split(split: Split) -> None:
    """Hold a split to its kind.

    Raises
    ------
    DataError
        If a time split, or one that leaves each user's last part out, has test events that are not later than training;
        if a split that claims disjoint users shares some; or if a test event leaked into training: an event of the same
        user and item stands there that is no earlier, or, where a pair may stand on one side only (`random`, and
        events without times), at any time.
    """
    _require_later(split)
    _require_disjoint_users(split)
    _require_no_leak(split)


def _require_later(split: Split) -> None:
    train, test = split.train, split.test
    if not len(train) or not len(test) or split.kind not in ("time", "leave_last_order_out", "leave_last_item_out"):
        return
    if not train.has_times or not test.has_times:
        raise DataError(f"a {split.kind} split of events without times: nothing tells what is later; call it random")
    if split.kind == "time":
        end = int(train.time.max())
        early = int((test.time <= end).sum())
        if early:
            raise DataError(
                f"this is no time split: {early:,} of {len(test):,} test events are not later than the last training "
                f"event ({_when(end)}); cut all events at one moment, or call the split random"
            )
        return
    ends = np.full(train.n_users + 1, np.iinfo(np.int64).min)
    np.maximum.at(ends, train.user, train.time)
    ends[-1] = np.iinfo(np.int64).min  # events without a user have no last part
    end_of = ends[test.user]
    is_early = test.time < end_of if split.kind == "leave_last_item_out" else test.time <= end_of
    if is_early.any():
        users = len(np.unique(test.user[is_early]))
        raise DataError(
            f"this is no {split.kind} split: {int(is_early.sum()):,} test events of {users:,} users are not later than "
            "the training events of the same user; hold out what each user did last, or call the split random"
        )


def _require_disjoint_users(split: Split) -> None:
    if not split.user_disjoint:
        return
    train, test = (distinct(side.user[side.user >= 0]) for side in (split.train, split.test))
    both = np.intersect1d(train, test)
    if len(both):
        raise DataError(
            f"{len(both):,} of {len(test):,} test users stand in training as well, though the split claims disjoint "
            "users; move all events of a user to one side, or drop the claim"
        )


def _require_no_leak(split: Split) -> None:
    train, test = split.train, split.test
    if not len(train) or not len(test):
        return
    by_pair = split.kind == "random" or not (train.has_times and test.has_times)
    if not by_pair and train.time[-1] < test.time[0]:
        return
    n_items = int(max(train.item.max(), test.item.max())) + 1
    known, _, pair_of = distinct_places(_pairs(train, n_items))
    asked = _pairs(test, n_items)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    leaked = known[place] == asked
    if not by_pair:
        last = np.full(len(known), np.iinfo(np.int64).min)
        np.maximum.at(last, pair_of, train.time)
        leaked &= test.time <= last[place]
    if leaked.any():
        which = "the same user and item" if by_pair else "the same user and item, and no earlier,"
        raise DataError(
            f"{int(leaked.sum()):,} of {len(test):,} test events leaked into training: an event of {which} stands on "
            f"the training side of this {split.kind} split; put each on one side only"
        )


def _pairs(events: Events, n_items: int) -> NDArray[np.int64]:
    return events.actor.astype(np.int64) * n_items + events.item


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
