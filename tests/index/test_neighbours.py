from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from recommender.config import IndexConfig
from recommender.index import build_index, nearest_neighbours, neighbours

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
