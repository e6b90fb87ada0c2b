"""A known user, a session and an anonymous list of items take one path: the same history, the same answer."""

from __future__ import annotations

import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.config import parse_config
from recommender.ingest import read_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, Slate, recommend
from recommender.toy_shop import ToyShop

HISTORY = ("ESPRESSO", "DESCALER", "☕")


@pytest.fixture(scope="module")
def twins(toy_shop: ToyShop) -> Bundle:
    """The toy shop without times (so nothing decays), where a user, a session and another user share a history."""
    rows = [{"user_id": "twin", "item_id": item, "event": "purchase"} for item in HISTORY]
    rows += [{"session_id": "twin", "item_id": item, "event": "purchase"} for item in HISTORY]
    rows += [{"user_id": "double", "item_id": item, "event": "purchase"} for item in HISTORY for _ in range(2)]
    rows += [{"user_id": "looker", "item_id": item, "event": "view"} for item in HISTORY]
    events = pd.concat([toy_shop.events, pd.DataFrame(rows)], ignore_index=True).drop(columns="timestamp")
    config = parse_config({"data": {"events": "none"}, "models": {"als": {"factors": 16, "epochs": 3}}})
    dataset, _ = read_dataset(config, events=events, catalogue=toy_shop.catalogue)
    return fit_bundle(dataset, config)


def essence(slate: Slate) -> list[tuple[object, ...]]:
    """What an answer says of the shop, without what it says of the customer."""
    return [
        (
            item["item_id"],
            item["rank"],
            item["score"],
            item["source"],
            item["reason"]["type"],
            item["reason"].get("anchor"),
        )
        for item in slate.items
    ]


def for_you(bundle: Bundle, **asked: object) -> Slate:
    return recommend(bundle, Query("for-you", k=20, **asked))  # type: ignore[arg-type]


def test_user_session_and_list(twins: Bundle) -> None:
    user, session, listed = (
        for_you(twins, **who) for who in ({"user_id": "twin"}, {"session_id": "twin"}, {"item_ids": HISTORY})
    )
    assert essence(user) == essence(session) == essence(listed)
    assert user.items == session.items
    assert len(user.items) == 20
    assert {"als", "item_knn"} <= {item["source"] for item in user.items} <= {"als", "item_knn", "popular"}
    assert user.fallback is session.fallback is listed.fallback is None
    assert user.dropped["owned"] == session.dropped["owned"] == 3
    assert "owned" not in listed.dropped
    assert any("you bought" in item["reason"]["text"] for item in user.items)
    assert not any("you bought" in item["reason"]["text"] for item in listed.items)


def test_a_history_in_two_parts_is_one_history(twins: Bundle) -> None:
    both = for_you(twins, user_id="twin", session_id="twin")
    assert essence(both) == essence(for_you(twins, user_id="double"))
    assert essence(both) == essence(for_you(twins, user_id="twin", item_ids=HISTORY))
    assert essence(both) == essence(for_you(twins, item_ids=HISTORY * 2))
    assert essence(both) != essence(for_you(twins, user_id="twin"))


def test_the_order_of_a_list_plays_no_part(twins: Bundle) -> None:
    assert essence(for_you(twins, item_ids=HISTORY[::-1])) == essence(for_you(twins, item_ids=HISTORY))


def test_a_weaker_history_is_another_answer(twins: Bundle) -> None:
    looker = for_you(twins, user_id="looker")
    assert essence(looker) != essence(for_you(twins, user_id="twin"))
    assert looker.dropped["seen"] == 3
    assert not any("you bought" in item["reason"]["text"] for item in looker.items)
    assert not {item["item_id"] for item in looker.items} & set(HISTORY)


def test_without_times_nothing_is_new_and_nothing_trends(twins: Bundle) -> None:
    for placement in ("trending", "new-arrivals"):
        slate = recommend(twins, Query(placement))
        assert {item["source"] for item in slate.items} == {"popular"}
        assert slate.fallback is not None
        assert slate.fallback["type"] == "few_candidates"
    texts = [item["reason"]["text"] for item in recommend(twins, Query("popular")).items]
    assert texts
    assert not any("days" in text for text in texts)
