from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from recommender.config import IndexConfig
from recommender.index import build_index, nearest_neighbours, neighbours, renewed_neighbours

FACTORS = np.random.default_rng(3).normal(size=(300, 8)).astype(np.float32)
FACTORS[[0, 150, 299]] = 0


@pytest.mark.parametrize("kind", ["exact", "flat"])
@pytest.mark.parametrize("block", [7, 1024])
@pytest.mark.parametrize("n", [5, 64, 1000])
def test_equal_to_a_search_for_each_item(
    n: int, block: int, kind: Literal["exact", "flat"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "NEIGHBOURS", n)
    monkeypatch.setattr(neighbours, "ITEMS_PER_BLOCK", block)
    index, _ = build_index(FACTORS, "cosine", IndexConfig(kind=kind), FACTORS[:0])
    model = nearest_neighbours(index, FACTORS)
    for item, vector in enumerate(FACTORS):
        found, scores, support = model.row(item)
        wanted, wanted_scores = index.search(vector, len(FACTORS))
        others = (wanted != item) & (wanted_scores > 0)
        assert found.tolist() == wanted[others][:n].tolist()
        np.testing.assert_allclose(scores, wanted_scores[others][:n], atol=1e-6)
        assert not support.any()


def test_a_graph_gives_neighbours_too() -> None:
    index, _ = build_index(FACTORS, "cosine", IndexConfig(kind="hnsw"), FACTORS[1:100])
    model = nearest_neighbours(index, FACTORS)
    assert len(model.row(0)[0]) == 0
    assert len(model.row(1)[0]) == neighbours.NEIGHBOURS
    assert 1 not in model.row(1)[0]


def test_no_items_no_neighbours() -> None:
    zeros = np.zeros((4, 8), dtype=np.float32)
    index, _ = build_index(zeros, "cosine", IndexConfig(kind="flat"), FACTORS[:0])
    assert nearest_neighbours(index, zeros).indptr.tolist() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("n", [5, 64, 1000])
def test_lists_are_renewed_where_items_came_or_went(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "NEIGHBOURS", n)
    monkeypatch.setattr(neighbours, "ITEMS_PER_BLOCK", 50)
    before, after = FACTORS.copy(), FACTORS.copy()
    before[[7, 8, 200]] = 0
    after[[20, 21, 299]] = 0
    first, then = (
        build_index(factors, "cosine", IndexConfig(kind="flat"), FACTORS[:0])[0] for factors in (before, after)
    )
    old = nearest_neighbours(first, before)
    found, wanted = renewed_neighbours(then, after, old, first.items), nearest_neighbours(then, after)
    np.testing.assert_array_equal(found.indptr, wanted.indptr)
    np.testing.assert_array_equal(found.neighbours, wanted.neighbours)
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-6)
    assert {7, 200} <= set(found.neighbours.tolist())
    assert not {20, 21} & set(found.neighbours.tolist())


def test_lists_stay_where_nothing_came_or_went(monkeypatch: pytest.MonkeyPatch) -> None:
    index, _ = build_index(FACTORS, "cosine", IndexConfig(kind="flat"), FACTORS[:0])
    old = nearest_neighbours(index, FACTORS)
    monkeypatch.setattr(type(index), "search_each", None)
    found = renewed_neighbours(index, FACTORS, old, index.items)
    np.testing.assert_array_equal(found.neighbours, old.neighbours)
    np.testing.assert_array_equal(found.scores, old.scores)
