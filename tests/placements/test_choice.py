"""What is chosen without words is what is served with them."""

from __future__ import annotations

import pytest

from recommender.bundle import Bundle
from recommender.placements import PLACEMENTS, Query, choose, recommend


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_choice_is_the_slate_without_its_reasons(toy_bundle: Bundle, placement: str) -> None:
    anchors = {"item": [{"item_ids": (item,)} for item in ("TENT", "☕", "nobody knows this")], None: [{}]}
    anchors["basket"] = [*anchors["item"], {"item_ids": ("TENT", "COAT-M", "nobody knows this")}]
    users = [{"user_id": user} for user in ("007", "🦊", "nobody")]
    for asked in anchors.get(PLACEMENTS[placement].anchor, users):
        query = Query(placement, 15, **asked)  # type: ignore[arg-type]
        choice, slate = choose(toy_bundle, query), recommend(toy_bundle, query)
        assert toy_bundle.items.ids_of(choice.items) == [item["item_id"] for item in slate.items]
        assert (slate.fallback is None) == (choice.own == 15)
        assert choice.own <= len(choice.items)


def test_own_items_come_before_those_of_a_fallback(toy_bundle: Bundle) -> None:
    query = Query("similar-items", 100, item_ids=("TENT",))
    choice, slate = choose(toy_bundle, query), recommend(toy_bundle, query)
    sources = [item["source"] for item in slate.items]
    assert 0 < choice.own < 100
    assert set(sources[: choice.own]) == {"als"}
    assert "als" not in sources[choice.own :]
