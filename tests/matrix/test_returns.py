from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hand_made import E, make_events, random_events, steady
from hypothesis import given

from recommender.dataset import Events
from recommender.matrix import net_of_returns


def bought(events: Events) -> list[tuple[int, int, float]]:
    purchases = events.where(events.is_type("purchase"))
    return list(zip(purchases.actor.tolist(), purchases.item.tolist(), purchases.quantity.tolist(), strict=True))


@pytest.mark.parametrize(
    ("returned", "left"),
    [
        (1, [(0, 0, 1.5), (0, 0, 1.5)]),  # 4 bought, 3 kept: each purchase keeps three quarters
        (4, []),
        (9, []),
    ],
)
def test_returns_lower_the_net_quantity_to_nothing_at_most(returned: float, left: list[tuple[int, int, float]]) -> None:
    events = make_events(
        E(0, user=0, day=1, quantity=2),
        E(0, user=0, day=5, quantity=2),
        E(0, "return", user=0, day=9, quantity=returned),
    )
    assert bought(net_of_returns(events)) == left


def test_only_purchases_of_that_user_and_item_are_netted() -> None:
    events = make_events(
        E(0, user=0),
        E(0, "view", user=0),
        E(1, user=0),
        E(0, user=1),
        E(0, "return", user=0, day=2),
    )
    net = net_of_returns(events)
    assert bought(net) == [(0, 1, 1.0), (1, 0, 1.0)]
    assert net.is_type("view").sum() == 1
    assert not net.is_type("return").any()


def test_return_of_what_was_never_bought_leaves_everything_else() -> None:
    events = make_events(E(0, "view", user=0), E(1, user=0), E(0, "return", user=0, quantity=5))
    net = net_of_returns(events)
    assert bought(net) == [(0, 1, 1.0)]
    assert len(net) == 2


def test_a_return_before_its_purchase_cancels_it() -> None:
    events = make_events(E(0, "return", user=0, day=0), E(0, user=0, day=3))
    assert len(net_of_returns(events)) == 0


def test_guest_orders_are_netted_each_on_its_own() -> None:
    events = make_events(E(0, order=0), E(0, order=1), E(0, "return", order=1))
    assert bought(net_of_returns(events)) == [(0, 0, 1.0)]


def test_without_returns_nothing_is_touched() -> None:
    events = make_events(E(0, user=0), E(1, "view", user=0))
    assert net_of_returns(events) is events


@steady
@given(random_events())
def test_net_quantities_equal_a_slow_count(events: Events) -> None:
    wanted: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for actor, item, code, quantity in zip(events.actor, events.item, events.event_type, events.quantity, strict=True):
        name = events.event_types[code]
        if name in ("purchase", "return"):
            wanted[actor, item][name == "return"] += quantity
    net = net_of_returns(events)
    found: dict[tuple[int, int], float] = defaultdict(float)
    for actor, item, quantity in bought(net):
        assert quantity > 0
        found[actor, item] += quantity
    for pair, (plus, minus) in wanted.items():
        assert np.isclose(found[pair], max(plus - minus, 0), atol=1e-5)
    assert net.is_type("view").sum() == events.is_type("view").sum()
