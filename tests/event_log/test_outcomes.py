"""Showings, what came of them, and intervals that know of visitors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recommender.event_log import EventLog, LoggedEvent, ServedSlate
from recommender.event_log.outcomes import ItemOutcome
from recommender.event_log.proportions import design_effect, proportion

NOW = 1_000_000.0
DAY = 86_400


class Shop:
    """Writes slates and events that name them."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.written = 0

    def answer(self, rec_id: str, placement: str = "for-you", served_at: float = NOW) -> None:
        items = (("a", "als"), ("b", "als"))
        self.log.append([], [ServedSlate(rec_id, served_at, placement, "v00001", (), items)])

    def event(self, event: str, rec_id: str, item_id: str = "a", at: float = NOW, **more: Any) -> None:
        self.written += 1
        who = more or {"user_id": "u"}
        self.log.append(
            [LoggedEvent(f"e{self.written}", event, int(at), at, item_id, rec_id=rec_id, **who)],
        )


@pytest.fixture
def shop(log: EventLog) -> Shop:
    return Shop(log)


def test_a_log_that_was_never_written_has_no_outcomes(open_log: Callable[[str], EventLog]) -> None:
    log = open_log("sqlite:///events.db")
    assert log.outcomes(0.0) == log.top_items(0.0) == []


def test_a_showing_is_one_answer_before_one_visitor(shop: Shop) -> None:
    shop.answer("r1")
    shop.answer("r2")
    for who in ({"user_id": "u"}, {"session_id": "s"}, {"session_id": "t", "order_id": "o"}):
        shop.event("impression", "r1", "a", **who)
        shop.event("impression", "r1", "b", **who)
    shop.event("select_item", "r1", "a", user_id="u")
    shop.event("view", "r1", "b", user_id="u")
    shop.event("click", "r2", "b", session_id="s")  # nobody saw it, but it was clicked
    shop.event("purchase", "r1", "a", session_id="s", price=2.5, quantity=2.0, currency="EUR")
    shop.event("order completed", "r1", "b", session_id="s", price=1.0, currency="EUR")
    shop.event("purchase", "r1", "b", session_id="t", price=4.0)
    shop.event("purchase", "unknown", "b", session_id="t", price=4.0)
    (found,) = shop.log.outcomes(NOW - DAY)
    assert (found.placement, found.base, found.counted, found.visitors) == ("for-you", "showings", 4, 3)
    assert (found.clicked.successes, found.clicked.value) == (2, 0.5)
    assert (found.bought.successes, found.bought.value) == (2, 0.5)
    assert found.revenue == {"EUR": 6.0, "": 4.0}


def test_a_session_joined_to_a_user_is_the_same_visitor(shop: Shop) -> None:
    shop.answer("r")
    shop.event("impression", "r", session_id="s")
    shop.event("purchase", "r", user_id="u")
    assert shop.log.outcomes(0.0)[0].counted == 2
    shop.log.merge("s", "u")
    assert shop.log.outcomes(0.0)[0].counted == 1


def test_without_impressions_answers_are_counted(shop: Shop) -> None:
    for rec_id in ("r1", "r2", "r3"):
        shop.answer(rec_id)
    shop.answer("old", served_at=NOW - 9 * DAY)
    shop.answer("older", served_at=NOW - 9 * DAY)
    shop.answer("p", "popular")
    for user in ("u", "v"):
        shop.event("view", "r1", user_id=user)
    shop.event("view", "old")
    found = {one.placement: one for one in shop.log.outcomes(NOW - DAY)}
    assert (found["for-you"].base, found["for-you"].counted, found["for-you"].clicked.successes) == ("answers", 4, 2)
    assert found["for-you"].clicked == proportion(2, 4)
    assert (found["popular"].counted, found["popular"].clicked.value) == (1, 0.0)


def test_a_period_has_a_beginning(shop: Shop) -> None:
    shop.answer("r", served_at=0.0)
    for day in range(20, -1, -1):
        shop.event("impression", "r", user_id=f"u{day}", at=NOW - day * DAY)
    for days, counted in ((0.5, 1), (1, 2), (7, 8), (100, 21)):
        assert shop.log.outcomes(NOW - days * DAY)[0].counted == counted


def test_top_items_are_those_that_were_bought_clicked_and_seen(shop: Shop) -> None:
    shop.answer("r")
    shop.answer("p", "popular")
    for number in range(3):
        shop.event("impression", "r", "a", user_id=f"u{number}")
        shop.event("impression", "r", "b", user_id=f"u{number}")
    shop.event("impression", "r", "a", user_id="u0")
    shop.event("view", "r", "b", user_id="u0")
    shop.event("purchase", "p", "c", user_id="u0")
    shop.event("wish", "r", "d", user_id="u0")
    assert shop.log.top_items(0.0) == [ItemOutcome("c", 0, 0, 1), ItemOutcome("b", 3, 1, 0), ItemOutcome("a", 3, 0, 0)]
    assert [one.item_id for one in shop.log.top_items(0.0, "for-you")] == ["b", "a"]
    assert shop.log.top_items(NOW + 1) == []


def test_wilsons_interval_by_hand() -> None:
    # 20 of 100: centre (0.2 + 3.8415 / 200) / 1.038415, half 1.96 / 1.038415 * sqrt(0.16 / 100 + 3.8415 / 40000)
    found = proportion(20, 100)
    assert found.value == 0.2
    assert found.low == pytest.approx(0.1334, abs=1e-4)
    assert found.high == pytest.approx(0.2888, abs=1e-4)
    assert proportion(0, 10).low == 0
    assert proportion(10, 10).high == pytest.approx(1)
    assert proportion(0, 0).value is None


def test_the_design_effect_by_hand() -> None:
    # Two visitors of five showings each, one clicks all: 2 / 1 * (2.5^2 + 2.5^2) / 100 = 0.25 against 0.025
    assert design_effect([5, 0], [5, 5]) == pytest.approx(10)
    assert design_effect([1, 0, 1, 0], [1, 1, 1, 1]) == pytest.approx(4 / 3)
    assert design_effect([0, 0], [5, 5]) == design_effect([3], [5]) == 1


def test_intervals_hold_the_truth_19_times_of_20_although_visitors_differ() -> None:
    generator, held, naive = np.random.default_rng(5), 0, 0
    for _ in range(400):
        shown = generator.integers(1, 30, 150)
        hits = generator.binomial(shown, generator.beta(0.5, 4.5, 150))
        for effect in (design_effect(hits, shown), 1.0):
            found = proportion(int(hits.sum()), int(shown.sum()), effect)
            assert found.low is not None
            assert found.high is not None
            inside = found.low <= 0.1 <= found.high
            held += inside and effect != 1.0
            naive += inside and effect == 1.0
    assert held / 400 > 0.92
    assert naive / 400 < 0.85
    assert math.isclose(proportion(5, 50, 1.0).value or 0, 0.1)
