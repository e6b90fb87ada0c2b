from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.dataset import NO_TIME, Events
from recommender.matrix import FOR_EVER, SOURCES, build_ownership, net_of_returns, with_policy
from tests.hand_made import EVENT_TYPES, START, E, make_events

DAY = 86_400


def with_facts(*rows: E, fact: str) -> Events:
    """Return events of which those that are written as views are facts of a source."""
    events = make_events(*rows)
    return replace(events, event_types=tuple(fact if name == "view" else name for name in EVENT_TYPES))


def test_orders_and_facts_are_owned_and_returns_undo_them() -> None:
    rows = [E(0, user=0, day=1), E(1, "view", user=0, day=2), E(2, "view", user=1, day=3), E(3, user=1, day=3)]
    rows += [E(2, "return", user=1, day=5), E(3, "add_to_cart", user=0, day=6), E(0, "view", user=0, day=7)]
    for fact in SOURCES[1:]:
        owned = build_ownership(net_of_returns(with_facts(*rows, fact=fact)))
        assert owned.items[owned.row(0)].tolist() == [0, 1]
        assert owned.items[owned.row(1)].tolist() == [3]
        assert [SOURCES[code] for code in owned.source] == [fact, fact, "order"]  # the latest fact of a pair
        assert owned.time.tolist() == [START + day * DAY for day in (7, 2, 3)]


def test_sessions_own_and_guests_do_not() -> None:
    owned = build_ownership(make_events(E(0, session=0), E(1, order=0), E(2, user=0)))
    assert owned.items.tolist() == [2, 0]
    assert owned.actor.tolist() == [0, 1]


def test_durables_are_hidden_for_some_days_consumables_until_they_are_due() -> None:
    owned = build_ownership(make_events(E(0, user=0, day=0), E(1, user=0, day=2), E(2, user=0, day=4)))
    consumable, days = np.array([False, False, True]), np.array([np.inf, 30.0, 30.0])
    due = np.full(3, START + 99 * DAY)
    found = with_policy(owned, consumable, days, due).hidden_until
    assert found.tolist() == [FOR_EVER, START + 32 * DAY, START + 99 * DAY]


def test_a_durable_without_a_time_stays_hidden() -> None:
    owned = build_ownership(make_events(E(0, user=0, day=None)))
    found = with_policy(owned, np.array([False]), np.array([30.0]), np.array([NO_TIME]))
    assert found.hidden_until.tolist() == [FOR_EVER]
