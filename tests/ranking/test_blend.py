"""Blends by hand: scaled, added, and only as deep as asked."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from recommender.models import ItemScores
from recommender.ranking import Blend, FromAll, FromScores, Part
from recommender.ranking.blend import DEPTH
from recommender.ranking.candidates import Candidates

NOTHING = np.array([], dtype=np.int32)


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def blend() -> Blend:
    taste = FromAll.scored(scores(4, 2, 0, 1))
    popular = FromScores(ItemScores(scores(0, 0.1, 0.2, 0), np.zeros(4, dtype=np.int32)))
    return Blend([Part("taste", 3, taste, NOTHING), Part("popular", 1, popular, NOTHING)])


def test_each_part_is_scaled_to_its_best_and_weighted() -> None:
    found = blend().top(10)
    assert found.items.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found.scores, [3 / 4, (3 * 0.5 + 0.5) / 4, 1 / 4, 3 * 0.25 / 4])


def test_shares_add_up_and_name_the_source() -> None:
    items = np.array([0, 1, 2], dtype=np.int32)
    shares = blend().shares(items)
    np.testing.assert_allclose(shares.sum(axis=0), [0.75, 0.5, 0.25])
    assert blend().sources(items) == ["taste", "taste", "popular"]


def test_only_what_is_allowed_is_ranked_on_the_same_scale() -> None:
    found = blend().within(np.array([False, True, True, False]), 1)
    assert found.items.tolist() == [1]
    np.testing.assert_allclose(found.scores, [0.5])


def test_a_part_that_knows_nothing_adds_nothing() -> None:
    silent = Part("taste", 1, FromAll.scored(scores(0, 0, 0)), NOTHING)
    known = Part("popular", 1, FromScores(ItemScores(scores(0.1, 0.3, 0), np.zeros(3, dtype=np.int32))), NOTHING)
    found = Blend([silent, known]).top(5)
    assert found.items.tolist() == [1, 0]
    np.testing.assert_allclose(found.scores, [0.5, 0.5 / 3], rtol=1e-6)
    assert Blend([silent]).top(5).items.tolist() == []


def test_what_is_hidden_does_not_set_the_scale() -> None:
    taste = FromAll.scored(scores(8, 2, 1, 0))
    part = Part("taste", 1, taste, np.array([0], dtype=np.int32))
    np.testing.assert_allclose(part.scaled(np.array([0, 1, 2, 3])), [1, 1, 0.5, 0])
    assert Part("taste", 1, taste, np.array([0, 1, 2], dtype=np.int32)).best == 0


def test_a_part_asks_its_scorer_again_only_for_more_than_it_has_seen() -> None:
    class Counting(FromAll):
        asked: ClassVar[list[int]] = []

        def top(self, n: int) -> Candidates:
            self.asked.append(n)
            return super().top(n)

    part = Part("taste", 1, Counting.scored(np.arange(1, 1001, dtype=np.float32)), NOTHING)
    assert part.top(2).items.tolist() == [999, 998]
    assert len(part.top(DEPTH).items) == DEPTH
    assert Counting.asked == [DEPTH]
    assert len(part.top(DEPTH + 1).items) == DEPTH + 1
    assert Counting.asked == [DEPTH, DEPTH + 1]
    assert part.best == 1000
    assert Counting.asked == [DEPTH, DEPTH + 1]
    assert Part("taste", 1, part.scorer, np.array([998, 999], dtype=np.int32)).best == 998
    assert Counting.asked == [DEPTH, DEPTH + 1, 3]


def test_scores_of_all_items_give_their_best_first_ties_by_item() -> None:
    source = FromAll.scored(scores(0.2, 0.9, 0, 0.9, 0.5))
    assert source.top(3).items.tolist() == [1, 3, 4]
    assert source.top(9).items.tolist() == [1, 3, 4, 0]
    assert source.within(np.array([True, False, True, True, False]), 9).items.tolist() == [3, 0]
    np.testing.assert_allclose(source.of(np.array([2, 4])), [0, 0.5])
