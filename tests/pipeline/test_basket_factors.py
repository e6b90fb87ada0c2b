from __future__ import annotations

import numpy as np
import pytest
from hand_made import E, make_events

from recommender.models import build_baskets
from recommender.pipeline import pairs

BASKETS = build_baskets(
    make_events(*(E(item, user=order % 3, order=order) for order in range(9) for item in range(1 + order % 3)))
)
"""Three baskets each of one, two and three items."""


@pytest.mark.parametrize(("most", "sizes"), [(9, [1, 1, 1, 2, 2, 2, 3, 3, 3]), (8, [2, 2, 2, 3, 3, 3])])
def test_where_baskets_are_many_those_of_one_item_are_left_out(
    most: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "MOST_BASKETS", most)
    assert sorted(pairs.telling(BASKETS).sizes.tolist()) == sizes


def test_and_of_the_others_a_sample_is_taken_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "MOST_BASKETS", 4)
    found, again = pairs.telling(BASKETS), pairs.telling(BASKETS)
    assert len(found) == 4
    assert found.sizes.min() > 1
    np.testing.assert_array_equal(found.items, again.items)
    assert (np.diff(found.actor) >= 0).all()
