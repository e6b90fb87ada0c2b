from __future__ import annotations

from collections import defaultdict

from hand_made import START, E, make_events, random_events, steady
from hypothesis import given

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import build_baskets


def baskets_of(events: Events) -> list[tuple[int, list[int]]]:
    baskets = build_baskets(events)
    assert baskets.sizes.tolist() == [len(baskets.of(basket)) for basket in range(len(baskets))]
    return [(int(baskets.actor[basket]), baskets.of(basket).tolist()) for basket in range(len(baskets))]


def test_an_order_is_a_basket_of_distinct_items_over_days_and_sessions() -> None:
    events = make_events(
        E(2, user=0, session=0, order=5), E(1, user=0, session=1, order=5, day=3), E(2, user=0, order=5, day=4)
    )
    assert baskets_of(events) == [(0, [1, 2])]


def test_an_order_number_of_two_users_is_two_baskets() -> None:
    events = make_events(E(0, user=0, order=1), E(1, user=1, order=1), E(2, user=0, order=1))
    assert baskets_of(events) == [(0, [0, 2]), (1, [1])]


def test_without_order_a_session_is_a_basket() -> None:
    events = make_events(E(0, user=0, session=3), E(1, user=0, session=3, day=1), E(2, user=0, session=2))
    assert baskets_of(events) == [(0, [2]), (0, [0, 1])]
    assert baskets_of(make_events(E(0, session=1), E(4, session=1))) == [(1, [0, 4])]


def test_without_order_and_session_a_users_day_is_a_basket() -> None:
    events = make_events(E(0, user=0, day=0.1), E(1, user=0, day=0.9), E(2, user=0, day=1.1), E(3, user=1, day=0.1))
    assert baskets_of(events) == [(0, [0, 1]), (0, [2]), (1, [3])]


def test_without_times_all_that_a_user_bought_is_a_basket() -> None:
    assert baskets_of(make_events(E(3, user=0, day=None), E(1, user=0, day=None))) == [(0, [1, 3])]


def test_orders_sessions_and_days_of_the_same_number_are_apart() -> None:
    day = 20_454  # of 2026-01-01 since 1970
    events = make_events(E(0, user=0, order=day), E(1, user=0, session=day), E(2, user=0))
    assert sorted(baskets_of(events)) == [(0, [0]), (0, [1]), (0, [2])]


def test_guest_orders_are_baskets_of_their_own_actor() -> None:
    events = make_events(E(0, order=0), E(1, order=0), E(2, order=1), n_users=3)
    assert baskets_of(events) == [(3, [0, 1]), (4, [2])]


def test_the_time_of_a_basket_is_that_of_its_last_event() -> None:
    events = make_events(E(0, user=0, order=0, day=0), E(1, user=0, order=0, day=20), E(2, user=1, order=1, day=30))
    assert ((build_baskets(events).time - START) // SECONDS_PER_DAY).tolist() == [20, 30]


def test_large_baskets_are_left_out() -> None:
    events = make_events(E(0, user=0, order=0), E(1, user=0, order=0), E(2, user=1, order=1))
    small = build_baskets(events).up_to(1)
    assert (small.actor.tolist(), small.of(0).tolist(), len(small)) == ([1], [2], 1)


def test_no_events_no_baskets() -> None:
    assert len(build_baskets(make_events())) == 0


@steady
@given(random_events(types=("purchase",)))
def test_baskets_equal_a_slow_grouping(events: Events) -> None:
    wanted: dict[tuple[int, str, int], set[int]] = defaultdict(set)
    for row in range(len(events)):
        day = events.time[row] // 86_400 if events.has_times else 0
        kinds = (("order", events.order[row]), ("session", events.session[row]), ("day", day))
        kind, key = next((name, number) for name, number in kinds if name == "day" or number >= 0)
        wanted[int(events.actor[row]), kind, int(key)].add(int(events.item[row]))
    assert sorted(baskets_of(events)) == sorted((actor, sorted(items)) for (actor, _, _), items in wanted.items())
