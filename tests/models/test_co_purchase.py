from __future__ import annotations

from collections import defaultdict
from math import log

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import Baskets, CoPurchase, SimilarityModel, build_baskets, co_purchase

N_ITEMS = 8

Found = list[tuple[int, float, int]]


def as_baskets(*rows: tuple[int, float, set[int]]) -> Baskets:
    """Baskets of (actor, recency, items)."""
    return Baskets(
        indptr=np.cumsum([0, *(len(items) for _, _, items in rows)]),
        items=np.array([item for _, _, items in rows for item in sorted(items)], dtype=np.int32),
        actor=np.array([actor for actor, _, _ in rows], dtype=np.int32),
        recency=np.array([recency for _, recency, _ in rows], dtype=np.float32),
    )


def row_of(model: SimilarityModel, item: int) -> Found:
    items, scores, support = model.row(item)
    return list(zip(items.tolist(), scores.tolist(), support.tolist(), strict=True))


def slowly(rows: list[tuple[int, float, set[int]]], estimator: CoPurchase, anchor: set[int]) -> Found:
    """Neighbours of one item, or of a group of items, straight from the definition."""
    rows = [row for row in rows if len(row[2]) <= estimator.max_basket_items]
    total, together, users = 0.0, defaultdict(float), defaultdict(set)
    for actor, _, items in rows:
        if items & anchor:
            total += 1 / log(1 + len(items))
            for other in items - anchor:
                together[other] += 1 / log(1 + len(items))
                users[other].add(actor)
    found = [
        (other, together[other] / total * rise(rows, other), len(users[other]))
        for other in together
        if len(users[other]) >= estimator.min_support
    ]
    return sorted(found, key=lambda one: (-np.float32(one[1]), one[0]))[: estimator.max_neighbours]


def rise(rows: list[tuple[int, float, set[int]]], item: int) -> float:
    """Recent weight of an item over the one its share of all baskets lets expect, each plus 2."""
    everything = sum(1 / log(1 + len(items)) for _, _, items in rows)
    recent = sum(recency / log(1 + len(items)) for _, recency, items in rows)
    of_item = sum(1 / log(1 + len(items)) for _, _, items in rows if item in items)
    recent_of_item = sum(recency / log(1 + len(items)) for _, recency, items in rows if item in items)
    return (recent_of_item + 2) / (of_item * recent / everything + 2)


baskets_of_a_shop = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from([1.0, 0.5, 0.25]),
        st.sets(st.integers(0, N_ITEMS - 1), min_size=1, max_size=6),
    ),
    max_size=25,
)


@steady
@given(baskets_of_a_shop, st.integers(1, 3), st.integers(1, 4), st.integers(2, 6), st.sampled_from([1, 7, 4_000_000]))
def test_equals_the_definition_in_blocks_of_any_size(
    rows: list[tuple[int, float, set[int]]], support: int, neighbours: int, largest: int, block: int
) -> None:
    estimator = CoPurchase(min_support=support, max_neighbours=neighbours, max_basket_items=largest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(co_purchase, "PAIRS_PER_BLOCK", block)
        model = estimator.fit(as_baskets(*rows), N_ITEMS)
    for item in range(N_ITEMS):
        found, wanted = row_of(model, item), slowly(rows, estimator, {item})
        assert [score for _, score, _ in found] == pytest.approx([score for _, score, _ in wanted], rel=1e-5)
        assert [(other, users) for other, _, users in found] == [(other, users) for other, _, users in wanted]


def test_by_hand() -> None:
    # two orders {0, 1} of weight 1 / ln 3, one {0, 1, 2} of 1 / ln 4, one {0} of 1 / ln 2
    rows = [(0, 1.0, {0, 1}), (1, 1.0, {0, 1}), (2, 1.0, {0, 1, 2}), (3, 1.0, {0})]
    model = CoPurchase(min_support=1).fit(as_baskets(*rows), 3)
    of_0 = 2 / log(3) + 1 / log(4) + 1 / log(2)
    assert row_of(model, 0) == [
        (1, pytest.approx((2 / log(3) + 1 / log(4)) / of_0), 3),
        (2, pytest.approx((1 / log(4)) / of_0), 1),
    ]
    assert row_of(model, 2) == [(0, 1.0, 1), (1, 1.0, 1)]


def test_what_sells_now_gains_by_hand() -> None:
    # five old orders {0, 1}, five of today {0, 2}, all of weight 1 / ln 3: half of all weight is recent
    rows = [(user, 0.0, {0, 1}) for user in range(5)] + [(user, 1.0, {0, 2}) for user in range(5)]
    model = CoPurchase().fit(as_baskets(*rows), 3)
    expected = 5 / log(3) / 2
    assert row_of(model, 0) == [
        (2, pytest.approx(0.5 * (5 / log(3) + 2) / (expected + 2)), 5),
        (1, pytest.approx(0.5 * 2 / (expected + 2)), 5),
    ]


@steady
@given(baskets_of_a_shop, st.lists(st.integers(-1, 3), min_size=N_ITEMS, max_size=N_ITEMS))
def test_rows_of_groups_hold_what_is_bought_with_any_of_their_items(
    rows: list[tuple[int, float, set[int]]], groups: list[int]
) -> None:
    estimator = CoPurchase(min_support=2)
    model = estimator.fit(as_baskets(*rows), N_ITEMS, anchor_of=np.array(groups, dtype=np.int32))
    for group in range(max(groups) + 1):
        members = {item for item, of in enumerate(groups) if of == group}
        found, wanted = row_of(model, group), slowly(rows, estimator, members)
        assert [score for _, score, _ in found] == pytest.approx([score for _, score, _ in wanted], rel=1e-5)
        assert sorted((other, users) for other, _, users in found) == sorted((o, users) for o, _, users in wanted)


def test_support_counts_users_and_not_orders() -> None:
    faithful = [(0, 1.0, {0, 1})] * 9
    assert row_of(CoPurchase(min_support=2).fit(as_baskets(*faithful), 2), 0) == []
    assert row_of(CoPurchase(min_support=2).fit(as_baskets(*faithful, (1, 1.0, {0, 1})), 2), 0) == [(1, 1.0, 2)]


def test_equal_scores_stand_in_the_order_of_items() -> None:
    rows = [(user, 1.0, {0, other}) for user in range(2) for other in (5, 3, 1)]
    model = CoPurchase(min_support=2, max_neighbours=2).fit(as_baskets(*rows), 6)
    assert [other for other, _, _ in row_of(model, 0)] == [1, 3]


def test_large_baskets_are_left_out_of_pairs_and_shares() -> None:
    rows = [(0, 1.0, {0, 1}), (1, 1.0, {0, 1, 2, 3})]
    model = CoPurchase(min_support=1, max_basket_items=3).fit(as_baskets(*rows), 4)
    assert row_of(model, 0) == [(1, 1.0, 1)]
    assert row_of(model, 2) == []


def test_pairs_of_baskets_too_old_to_be_recent_are_kept() -> None:
    events = make_events(E(0, user=0, order=0), E(1, user=0, order=0), E(0, user=1, order=1, day=900))
    baskets = build_baskets(events, as_of=events.as_of, recent_half_life_days=1)
    assert baskets.recency.tolist() == [0.0, 1.0]  # 0.5 ** 900 is nothing in float32
    model = CoPurchase(min_support=1).fit(baskets, 2)
    assert [[other for other, _, _ in row_of(model, item)] for item in range(2)] == [[1], [0]]


def test_nothing_to_count() -> None:
    for rows in ([], [(0, 1.0, {1}), (1, 1.0, {2})]):
        model = CoPurchase().fit(as_baskets(*rows), 3)
        assert model.indptr.tolist() == [0, 0, 0, 0]
        assert len(model.neighbours) == 0


def test_progress_ends_with_all_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(co_purchase, "PAIRS_PER_BLOCK", 2)
    seen = []
    rows = [(user, 1.0, {0, 1, 2}) for user in range(3)]
    CoPurchase().fit(as_baskets(*rows), 5, progress=lambda stage, done, total: seen.append((done, total)))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (5, 5)


def test_a_block_holds_no_more_anchors_than_its_keys_can_tell_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = as_baskets(*[(user, 1.0, {0, 1, 2}) for user in range(3)])
    seen = []
    monkeypatch.setattr(co_purchase, "LARGEST_KEY", 2 * 5 * 3 + 4)  # two anchors x five items x three users
    CoPurchase().fit(rows, 5, progress=lambda stage, done, total: seen.append(done))
    assert seen == [2, 4, 5]


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


def test_a_basket_is_as_recent_as_its_last_event() -> None:
    events = make_events(E(0, user=0, order=0, day=0), E(1, user=0, order=0, day=20), E(2, user=1, order=1, day=30))
    assert build_baskets(events, as_of=events.as_of, recent_half_life_days=10).recency.tolist() == [0.5, 1.0]
    later = START + 40 * SECONDS_PER_DAY  # nothing was bought since
    assert build_baskets(events, as_of=later, recent_half_life_days=10).recency.tolist() == [0.25, 0.5]
    assert build_baskets(events).recency.tolist() == [1.0, 1.0]


def test_no_events_no_baskets() -> None:
    assert len(build_baskets(make_events(), as_of=START, recent_half_life_days=3)) == 0


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
