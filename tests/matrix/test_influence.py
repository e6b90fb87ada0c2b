from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import given

from recommender.dataset import Events, stretches_of_actors, stretches_of_time
from recommender.matrix import SECONDS_PER_DAY, Influence, bursts, influence

FEWEST = Influence(repeats_per_day=2, events_per_day=3, events_per_session=4)
LONG_AGO = [E(item, user=user, day=user % 5) for user in range(40) for item in (user % 4, 4)]
REGULARS = [E(item, user=user, day=60 + user % 30) for user in range(40) for item in ((user + 1) % 4, 5 + user % 2)]
"""40 customers of a shop that opens on day 0; they come again two months later."""


def kept(events: Events, influence: Influence = FEWEST) -> list[tuple[int, int]]:
    found = influence.limit(events).events
    return sorted(zip(found.actor.tolist(), found.item.tolist(), strict=True))


def test_the_first_events_of_a_day_count_of_an_item_and_of_all() -> None:
    rows = [E(0, user=0, day=n / 10) for n in range(5)] + [E(n, user=0, day=0.5 + n / 10) for n in (1, 2, 3)]
    found = FEWEST.limit(make_events(*rows, E(0, user=0, day=1), E(0, user=1), E(0, "view", user=1)))
    assert found.withheld["repeats_per_day"] == 3, "two of five on one item, and what is on the next day"
    assert found.withheld["events_per_day"] == 2, "of the five that are left of day 0"
    assert found.events.item.tolist() == [0, 0, 0, 0, 1, 0], "user 1's two are of different types, in order of time"


def test_a_session_counts_so_many_events_whoever_it_is_of() -> None:
    rows = [E(n, session=0, user=0, day=n) for n in range(6)] + [E(n, user=0, day=n) for n in range(6)]
    found = FEWEST.limit(make_events(*rows))
    assert found.withheld["events_per_session"] == 2
    assert int((found.events.session == 0).sum()) == 4
    assert int((found.events.session < 0).sum()) == 6, "what is in no session is not capped by it"


def crowd(n: int, item: int, day: float, first: int = 40) -> list[E]:
    return [E(what, user=first + one, day=day + one / 100) for one in range(n) for what in (item, 10 + first + one)]


def test_a_burst_of_newcomers_does_not_count() -> None:
    clean = make_events(*LONG_AGO, *REGULARS)
    assert Influence().limit(clean).bursts == [], "nobody is new in a shop that just opened"
    found = Influence().limit(make_events(*LONG_AGO, *REGULARS, *crowd(12, item=0, day=88)))
    # a quarter of the 80 first pairs, and an eighth of the regulars', are with item 0; 24 pairs are the newcomers'
    pushed = [one for one in found.bursts if one.item == 0]
    assert {one.newcomers for one in pushed} == {12}
    assert all(2 <= one.expected < 4 for one in pushed)
    of_crowd = found.events.where(found.events.user >= 40)
    assert (of_crowd.item != 0).all()
    assert len(of_crowd) == 12, "what else they did counts"
    assert len(found.events.where(found.events.user < 40)) == len(clean), "who was there before loses nothing"


def test_few_newcomers_are_no_burst_and_neither_are_many_where_the_regulars_buy_it_too() -> None:
    few = make_events(*LONG_AGO, *REGULARS, *crowd(4, item=7, day=88))
    assert Influence().limit(few).withheld["bursts"] == 0
    offer = [E(7, user=user, day=86 + user % 3) for user in range(30)]
    liked = make_events(*LONG_AGO, *REGULARS, *offer, *crowd(20, item=7, day=87))
    assert Influence().limit(liked).withheld["bursts"] == 0
    pushed = make_events(*LONG_AGO, *REGULARS, *offer[:1], *crowd(60, item=7, day=87))
    assert Influence().limit(pushed).withheld["bursts"] == 60
    assert Influence(burst_factor=0).limit(pushed).withheld.get("bursts", 0) == 0, "off"


def test_a_slow_crowd_is_seen_in_a_longer_window() -> None:
    slow = [one for n in range(12) for one in crowd(1, item=7, day=95 + 2 * n, first=40 + n)]
    later = [E(8 + user % 3, user=user, day=92 + user % 28) for user in range(40)]
    found = Influence().limit(make_events(*LONG_AGO, *REGULARS, *later, *slow))
    assert {one.days for one in found.bursts if one.item == 7} >= {28}
    assert found.withheld["bursts"] == 12


@steady
@given(random_events())
def test_what_counts_is_a_part_of_what_was_there(events: Events) -> None:
    limited = FEWEST.limit(events)
    found = limited.events
    assert len(found) + sum(limited.withheld.values()) == len(events)
    assert not len(found) or np.all(np.diff(found.time) >= 0)
    if found.has_times:
        day = (found.time - START) // SECONDS_PER_DAY
        assert np.unique(np.stack([found.actor, day]), axis=1, return_counts=True)[1].max(initial=0) <= 3
    again = replace(FEWEST, burst_factor=0).limit(found)
    assert len(again.events) == len(found), "what the caps left is within the caps"


def test_nothing_is_fine_too() -> None:
    assert kept(make_events()) == []


def test_where_nobody_comes_back_nothing_is_a_burst() -> None:
    visits = [E(one % 4, session=one, day=one) for one in range(90)]
    campaign = [E(7, session=90 + one, day=88 + one / 50) for one in range(40)]
    assert Influence().limit(make_events(*visits, *campaign)).bursts == []


@pytest.mark.parametrize("rows_at_once", [1, 10, 60])
def test_a_few_events_at_a_time_are_limited_in_the_same_way(rows_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = [E(0, user=0, day=60.0 + n / 50) for n in range(9)]
    slow = [one for n in range(12) for one in crowd(1, item=7, day=95 + 2 * n, first=60 + n)]
    later = [E(8 + user % 3, user=user, day=92 + user % 28) for user in range(40)]
    events = make_events(*LONG_AGO, *REGULARS, *busy, *crowd(12, item=0, day=88), *later, *slow)
    limits = Influence(repeats_per_day=3, events_per_day=2)
    whole = limits.limit(events)
    monkeypatch.setattr(bursts, "stretches_of_actors", partial(stretches_of_actors, rows_at_once=rows_at_once))
    monkeypatch.setattr(influence, "stretches_of_time", partial(stretches_of_time, rows_at_once=rows_at_once))
    parts = limits.limit(events)
    np.testing.assert_array_equal(parts.counted, whole.counted)
    assert (parts.withheld, parts.bursts) == (whole.withheld, whole.bursts)
    assert min(whole.withheld["repeats_per_day"], whole.withheld["events_per_day"], whole.withheld["bursts"]) > 0


@steady
@given(random_events())
def test_bursts_know_nothing_of_what_the_caps_withheld(events: Events) -> None:
    limited = FEWEST.limit(events)
    if not events.has_times or not limited.counted.any():
        return
    options = {"newcomer_days": 5.0, "least": 1, "factor": 0.5}
    capped = replace(FEWEST, burst_factor=0).limit(events)
    marked = bursts.find_bursts(events, counted=capped.counted, **options)  # type: ignore[arg-type]
    alone = bursts.find_bursts(capped.events, **options)  # type: ignore[arg-type]
    assert marked.bursts == alone.bursts
    np.testing.assert_array_equal(marked.events[capped.counted], alone.events)
