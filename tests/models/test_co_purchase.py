"""The model straight from its definition, in loops, beside what it computes in blocks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import exp

import numpy as np
import pytest
from hand_made import START, E, make_events, random_events, steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Events
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import (
    CATEGORY,
    FACTORS,
    PAIR,
    Baskets,
    CoPurchase,
    FittedPairs,
    Kinship,
    SimilarityModel,
    build_baskets,
    co_purchase,
    pair_statistics,
)
from recommender.models.basket_patterns import fit_basket_patterns

N_ITEMS = 6
PLAIN = CoPurchase(
    min_support=1, customer_weight=0, prior_weight=0, half_life_days=0, recent_half_life_days=0, size_exponent=0
)


def kin(category: list[int] | None = None, factors: np.ndarray | None = None) -> Kinship:
    codes = np.array(category or [-1] * N_ITEMS, dtype=np.int32)
    vectors = np.zeros((N_ITEMS, 1), dtype=np.float32) if factors is None else factors.astype(np.float32)
    return Kinship(codes, vectors, SimilarityModel.empty(N_ITEMS))


def fit(model: CoPurchase, events: Events, kinship: Kinship | None = None) -> FittedPairs:
    return model.fit(build_baskets(events), kinship or kin(), as_of=events.as_of)


def scores(fitted: FittedPairs, item: int) -> dict[int, float]:
    items, found, _ = fitted.pairs.row(item)
    return dict(zip(items.tolist(), found.tolist(), strict=True))


def slowly(model: CoPurchase, baskets: Baskets) -> dict[tuple[int, int], float]:
    """Scores of all pairs without prior, by loops; equally recent baskets."""
    rows = [(int(baskets.actor[b]), int(baskets.time[b]), set(baskets.of(b).tolist())) for b in range(len(baskets))]
    rows = [row for row in rows if len(row[2]) <= model.max_basket_items]
    owned: dict[int, set[int]] = {}
    for actor, _, items in rows:
        owned.setdefault(actor, set()).update(items)
    window = model.window_days * SECONDS_PER_DAY
    found = {}
    for i, j in product(range(N_ITEMS), repeat=2):
        near = {
            one[0]
            for one, other in product(rows, repeat=2)
            if one[0] == other[0] and i in one[2] and j in other[2] and abs(one[1] - other[1]) <= window
        }
        if i == j or len(near) < model.min_support:
            continue
        both = sum(len(items) ** -model.size_exponent for _, _, items in rows if {i, j} <= items)
        single = sum(len(items) ** -model.size_exponent for _, _, items in rows if i in items)
        share = sum(1 / len(owned[actor]) for actor in near)
        share /= sum(1 / len(items) for items in owned.values() if i in items)
        found[i, j] = (both + model.customer_weight * share) / (single + model.customer_weight)
    return found


@steady
@given(
    random_events(types=("purchase",)),
    st.integers(1, 3),
    st.sampled_from([0.0, 3.0, 365.0]),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([1, 7, 4_000_000]),
)
def test_equals_the_definition_in_blocks_of_any_size(
    events: Events, support: int, window: float, customers: float, block: int
) -> None:
    model = replace(
        PLAIN, min_support=support, window_days=window, customer_weight=customers, size_exponent=0.7, max_basket_items=4
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(co_purchase, "PAIRS_PER_BLOCK", block)
        fitted = fit(model, events)
    wanted = slowly(model, build_baskets(events))
    found = {(i, j): score for i in range(N_ITEMS) for j, score in scores(fitted, i).items()}
    assert found == pytest.approx(wanted, rel=1e-4)


def test_support_counts_customers_over_orders_and_guests_as_one() -> None:
    rows = [E(item, user=user, order=10 * user + item, day=item) for user in range(3) for item in (0, 1)]
    events = make_events(*rows, E(0, order=90), E(1, order=90), E(0, user=0, order=70), E(1, user=0, order=70))
    fitted = fit(replace(PLAIN, min_support=4), events)
    assert fitted.pairs.row(0)[2].tolist() == [4]
    assert fitted.facts.together.tolist() == [2, 2]
    assert len(fit(replace(PLAIN, min_support=5), events).pairs.neighbours) == 0
    assert fit(replace(PLAIN, window_days=0.5), events).pairs.row(0)[2].tolist() == [2]


def test_small_and_recent_orders_and_light_customers_say_more() -> None:
    events = make_events(
        *(E(item, user=0, order=0, day=0) for item in (0, 1)),
        *(E(item, user=1, order=1, day=0) for item in (0, 2, 3, 4)),
        *(E(item, user=2, order=2, day=20) for item in (0, 5)),
        E(5, user=2, order=3, day=20),
    )
    by_size = scores(fit(replace(PLAIN, size_exponent=1.0), events), 0)
    assert by_size[1] == pytest.approx(2 * by_size[2])
    by_age = scores(fit(replace(PLAIN, half_life_days=20), events), 0)
    assert by_age[5] == pytest.approx(2 * by_age[1])
    by_customer = scores(fit(replace(PLAIN, user_exponent=1.0), events), 0)
    assert by_customer[1] == pytest.approx(2 * by_customer[5])


def test_what_sells_now_gains_and_popularity_can_be_taken_out() -> None:
    rows = [E(item, user=user, order=user, day=0) for user in range(5) for item in (0, 1)]
    rows += [E(item, user=user, order=user, day=99) for user in range(5, 10) for item in (0, 2)]
    now = scores(fit(replace(PLAIN, recent_half_life_days=5), make_events(*rows)), 0)
    # half of the weight is recent: 2.5 of each item's 5 are expected, item 2 has 5 and item 1 none
    assert now == pytest.approx({2: 0.5 * 10 / 7.5, 1: 0.5 * 5 / 7.5}, rel=1e-4)
    more = [*rows, *(E(1, user=user, order=user, day=0) for user in range(20, 60))]
    plain, discounted = (scores(fit(replace(PLAIN, popularity_discount=d), make_events(*more)), 0) for d in (0.0, 1.0))
    assert plain[1] == pytest.approx(plain[2])
    assert discounted[2] == pytest.approx(9 * discounted[1], rel=1e-4)


def test_the_category_and_factors_speak_where_pairs_do_not() -> None:
    # item 1 shares item 0's category, and is bought with item 2; nobody bought 0 and 2 together
    rows = [E(item, user=user, order=user) for user in range(6) for item in (1, 2)]
    rows += [E(0, user=user, order=user) for user in range(6, 12)]
    model = replace(PLAIN, min_support=5, prior_weight=5.0, similarity_weight=2.0, window_days=365)
    fitted = fit(model, make_events(*rows), kin([0, 0, 1, 1, 1, 1]))
    items, _, support = fitted.pairs.row(0)
    assert (items.tolist(), support.tolist()) == ([2], [6])
    assert fitted.facts.ground[fitted.pairs.indptr[0]] == CATEGORY
    factors = np.eye(N_ITEMS)
    factors[2] = factors[0]
    fitted = fit(
        model,
        make_events(*rows),
        Kinship(kin([0, 0, 1, 1, 1, 1]).category, factors.astype(np.float32), SimilarityModel.empty(N_ITEMS)),
    )
    closer = scores(fitted, 0)[2]
    assert closer == pytest.approx(
        exp(2.0) * scores(fit(model, make_events(*rows), kin([0, 0, 1, 1, 1, 1])), 0)[2], rel=1e-4
    )
    assert fitted.facts.ground[fitted.pairs.indptr[0]] == FACTORS
    assert fitted.pairs.row(0)[2].tolist() == [0]


def test_pairs_below_the_threshold_leave_no_trace_in_the_ranking() -> None:
    base = [E(item, user=user, order=user) for user in range(8) for item in (0, 1)]
    base += [E(item, user=user, order=user) for user in range(8, 16) for item in (2, 3)]
    few = [E(item, user=user, order=100 + user) for user in range(20, 24) for item in (0, 2)]
    apart = [E(item, user=30 + user, order=200 + user) for user in range(8) for item in ((0,), (2,))[user % 2]]
    model = replace(PLAIN, min_support=5, prior_weight=1.0)
    together, separate = (fit(model, make_events(*base, *rows)) for rows in (few, apart))
    assert list(scores(together, 0)) == list(scores(separate, 0)) == [1]


def test_milk_takes_the_place_of_milk_and_yoghurts_go_together() -> None:
    rows: list[E] = []
    for user, visit in product(range(12), range(8)):
        order = user * 8 + visit
        rows += [
            E(visit % 2, user=user, order=order, day=visit),
            *(E(i, user=user, order=order, day=visit) for i in (2, 3)),
        ]
        if visit % 2:
            rows.pop()
            rows.pop()
        rows.append(E(4, user=user, order=order, day=visit))
    fitted = fit(PLAIN, make_events(*rows), kin([0, 0, 1, 1, 2, 2]))
    milk, yoghurt, _ = fitted.facts.category_ratio.tolist()
    assert milk < 0.7 < 1.3 < yoghurt
    ratio = dict(
        zip(fitted.pairs.row(2)[0].tolist(), fitted.facts.ratio[fitted.pairs.indptr[2] :].tolist(), strict=False)
    )
    assert ratio[3] > 1.3


def test_statistics_by_hand() -> None:
    # 1,000 baskets, 100 with i, 50 with j, 20 with both: P(j | i) = 0.2, four times P(j)
    found = pair_statistics(20, 100, 50, 1000)
    assert (found.confidence, found.lift) == (pytest.approx(0.2), pytest.approx(4.0))
    assert found.lift_low < 4.0 < found.lift_high
    observed, expected = np.array([20, 80, 30, 870]), np.array([5, 95, 45, 855])
    assert found.log_likelihood_ratio == pytest.approx(2 * float((observed * np.log(observed / expected)).sum()))
    nothing = pair_statistics(0, 100, 50, 1000)
    assert (nothing.confidence, nothing.lift) == (0, 0)
    assert 0 < nothing.lift_low < nothing.lift_high < 2


def test_the_interval_covers_the_true_lift_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for table in rng.multinomial(2000, [0.04, 0.06, 0.1, 0.8], size=1000).tolist():
        found = pair_statistics(table[0], table[0] + table[1], table[0] + table[2], 2000)
        covered += found.lift_low < 0.04 / (0.1 * 0.14) < found.lift_high
    assert 930 <= covered <= 970


def test_nothing_to_count_and_progress_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(fit(CoPurchase(), make_events()).pairs.neighbours) == 0
    monkeypatch.setattr(co_purchase, "PAIRS_PER_BLOCK", 2)
    seen: list[tuple[int, int | None]] = []
    events = make_events(*(E(item, user=user, order=user) for user in range(3) for item in (0, 1, 2)))
    build = build_baskets(events)

    def record(stage: str, done: int, total: int | None) -> None:
        if stage == "fit co-purchase":
            seen.append((done, total))

    CoPurchase().fit(build, kin(), as_of=START, progress=record)
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (N_ITEMS, N_ITEMS)


PATTERNED = replace(PLAIN, min_support=3, prior_weight=2.0, similarity_weight=3.0, pattern_weight=40.0)


def patterned_shop() -> tuple[Events, Kinship]:
    """Sixty items of three departments, bought by guests in threes of one department, and factors that tell nothing."""
    rng = np.random.default_rng(0)
    rows = [
        E(20 * (order % 3) + int(item), order=order)
        for order in range(400)
        for item in rng.choice(20, 3, replace=False)
    ]
    factors = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (60, 1))
    return make_events(*rows), Kinship(np.full(60, -1, dtype=np.int32), factors, SimilarityModel.empty(60))


def test_patterns_are_weighed_by_how_many_there_are() -> None:
    events, kinship = patterned_shop()
    baskets = build_baskets(events)
    with_patterns, without = (fit(replace(PATTERNED, pattern_weight=q), events, kinship) for q in (40.0, 0.0))
    by_basket, weights = baskets.matrix(60), np.ones(len(baskets))
    patterns = fit_basket_patterns(
        by_basket, weights, np.ones(60, dtype=bool), kinship.factors, most=512, least_weight=3.0
    )
    n_patterns = patterns.vectors.shape[1]
    assert 0 < n_patterns <= 3
    item = int(with_patterns.pairs.row(0)[0][0])
    share, cosine = (float(part[0]) for part in patterns.of_pairs(np.array([0]), np.array([item])))
    q = 40 * n_patterns / 512
    tilt = exp(3.0 * n_patterns / 512 / 2 * (cosine - 1))
    bought, total = scores(without, 0)[item], float(by_basket[:, [0]].sum())
    popularity = float(by_basket[:, [item]].sum()) / len(baskets)
    prior = 2.0 * popularity * exp(3.0)
    both = bought * (total + 2) - prior
    assert both == pytest.approx(round(both), abs=1e-3)
    assert scores(with_patterns, 0)[item] == pytest.approx(
        (both + prior * tilt + q * share) / (total + 2 + q), rel=1e-4
    )


def test_pairs_of_some_anchors_are_those_of_the_whole_fit() -> None:
    events, kinship = patterned_shop()
    whole = fit(PATTERNED, events, kinship)
    some = PATTERNED.fit(build_baskets(events), kinship, as_of=events.as_of, n_anchors=25)
    end = int(whole.pairs.indptr[25])
    assert end == len(some.pairs.neighbours) > 25
    for name in ("neighbours", "scores", "support"):
        np.testing.assert_array_equal(getattr(some.pairs, name), getattr(whole.pairs, name)[:end])
    np.testing.assert_array_equal(some.facts.ground, whole.facts.ground[:end])


def test_an_item_that_is_there_for_the_patterns_says_so() -> None:
    events, kinship = patterned_shop()
    category = np.full(60, -1, dtype=np.int32)
    category[:2] = 0
    model = replace(PATTERNED, min_support=4, similarity_weight=0.0)
    grounds = []
    for weight in (0.0, 4000.0):
        found = fit(replace(model, pattern_weight=weight), events, replace(kinship, category=category))
        row = slice(int(found.pairs.indptr[0]), int(found.pairs.indptr[1]))
        grounds.append(dict(zip(found.pairs.neighbours[row].tolist(), found.facts.ground[row].tolist(), strict=True)))
    without, with_patterns = grounds
    assert set(without.values()) == {PAIR, CATEGORY}
    for item, ground in without.items():
        assert with_patterns[item] == (PAIR if ground == PAIR else FACTORS)
