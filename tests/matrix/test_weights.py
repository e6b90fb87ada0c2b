from __future__ import annotations

import pytest
from hand_made import E, make_events

from recommender.dataset import Events
from recommender.errors import DataError
from recommender.matrix import decay, event_values, main_event_type

WEIGHTS = {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0}


def values(events: Events, *, damp: bool = True, half_life: float = 0) -> list[float]:
    return event_values(events, WEIGHTS, damp_quantity=damp, half_life_days=half_life).tolist()


def test_weights_are_relative_to_the_main_type() -> None:
    events = make_events(E(0, "view", user=0), E(0, "add_to_cart", user=0), E(0, user=0))
    assert values(events) == pytest.approx([0.1, 0.3, 1.0])


def test_without_purchases_the_heaviest_type_is_worth_one() -> None:
    events = make_events(E(0, "view", user=0), E(0, "add_to_cart", user=0))
    assert values(events) == pytest.approx([1 / 3, 1.0])


def test_types_without_weight_are_worth_nothing() -> None:
    events = make_events(E(0, user=0), E(0, "view", user=0))
    assert event_values(events, {"purchase": 2.0}, damp_quantity=True, half_life_days=0).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("quantity", "damped"),
    [(1, 1.0), (2, 1.6931472), (10, 3.3025851), (0.5, 0.5), (1.5, 1.4054651)],
)
def test_quantity_counts_one_plus_its_logarithm(quantity: float, damped: float) -> None:
    events = make_events(E(0, user=0, quantity=quantity))
    assert values(events) == pytest.approx([damped])
    assert values(events, damp=False) == [quantity]


def test_values_halve_with_each_half_life_before_the_last_event() -> None:
    events = make_events(E(0, user=0, day=0), E(0, user=0, day=30), E(0, user=0, day=60), E(0, "view", user=1, day=90))
    assert values(events, half_life=30) == pytest.approx([1 / 8, 1 / 4, 1 / 2, 0.1])
    assert decay(events.time, events.as_of, 45).tolist() == pytest.approx([1 / 4, 2 ** (-4 / 3), 2 ** (-2 / 3), 1])


def test_without_times_nothing_decays() -> None:
    events = make_events(E(0, user=0, day=None), E(1, user=0, day=None))
    assert values(events, half_life=1) == [1.0, 1.0]


def test_without_half_life_nothing_decays() -> None:
    assert values(make_events(E(0, user=0, day=0), E(0, user=0, day=1000))) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("types", "weights", "main"),
    [
        (("view", "purchase"), {"view": 50.0, "purchase": 1.0}, "purchase"),
        (("view", "add_to_cart"), WEIGHTS, "add_to_cart"),
        (("view",), {}, "view"),
        (("view", "add_to_cart"), {"view": 1.0, "add_to_cart": 1.0}, "view"),
    ],
)
def test_main_event_type(types: tuple[str, ...], weights: dict[str, float], main: str) -> None:
    assert main_event_type(make_events(*(E(0, name, user=0) for name in types)), weights) == main


def test_no_events_left_is_an_error_of_the_data() -> None:
    with pytest.raises(DataError, match="returned"):
        main_event_type(make_events(), WEIGHTS)
