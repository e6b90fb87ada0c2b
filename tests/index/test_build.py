from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.config import IndexConfig
from recommender.errors import ConfigError
from recommender.index import FaissIndex, build, build_index, measure_recall


@pytest.fixture(scope="module")
def hard() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Items and queries without structure in many dimensions: the worst case of a graph."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(2_000, 48)).astype(np.float32), rng.normal(size=(60, 48)).astype(np.float32)


@pytest.mark.parametrize(
    ("n_with_factors", "exact_below", "kind"),
    [(49, 50, "exact"), (50, 50, "hnsw"), (50, 0, "hnsw"), (50, 51, "exact"), (60, None, "exact")],
)
def test_auto_turns_to_a_graph_at_its_threshold(n_with_factors: int, exact_below: int | None, kind: str) -> None:
    factors = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    factors[n_with_factors:] = 0  # items without factors do not count
    config = IndexConfig(kind="auto", exact_below=exact_below)
    assert build_index(factors, "inner_product", config, factors[:5])[0].kind == kind


def test_without_native_kernels_faiss_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "has_native", lambda: False)
    monkeypatch.setattr(build, "FLAT_BELOW", 50)
    factors = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    assert build_index(factors, "inner_product", IndexConfig(), factors[:5])[0].kind == "hnsw"
    assert build_index(factors[:49], "inner_product", IndexConfig(), factors[:5])[0].kind == "flat"
    with pytest.raises(ConfigError, match=r'index.kind = "exact": the native kernels are not built'):
        build_index(factors, "inner_product", IndexConfig(kind="exact"), factors[:5])


@pytest.mark.parametrize("kind", ["exact", "flat", "hnsw"])
def test_kind_overrules_the_threshold(kind: str) -> None:
    factors = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    for exact_below in (0, 10_000):
        config = IndexConfig(kind=kind, exact_below=exact_below)
        assert build_index(factors, "cosine", config, factors[:5])[0].kind == kind


def test_search_widens_until_the_recall_is_reached(
    hard: tuple[NDArray[np.float32], NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    factors, queries = hard
    monkeypatch.setattr(build, "HNSW_NEIGHBOURS", 6)  # a thin graph, so that the width matters
    monkeypatch.setattr(build, "EF_CONSTRUCTION", 20)
    exact, _ = build_index(factors, "inner_product", IndexConfig(kind="flat"), queries)
    wide, recall = build_index(factors, "inner_product", IndexConfig(kind="hnsw", min_recall=0.97), queries)
    assert isinstance(wide, FaissIndex)
    width = wide.searcher.hnsw.efSearch
    assert width > build.EF_SEARCH_STEPS[0]
    assert recall >= 0.97
    assert measure_recall(wide, exact, queries) == recall
    wide.searcher.hnsw.efSearch = build.EF_SEARCH_STEPS[build.EF_SEARCH_STEPS.index(width) - 1]
    assert measure_recall(wide, exact, queries) < 0.97

    narrow, lower = build_index(factors, "inner_product", IndexConfig(kind="hnsw", min_recall=0.1), queries)
    assert isinstance(narrow, FaissIndex)
    assert narrow.searcher.hnsw.efSearch == build.EF_SEARCH_STEPS[0]
    assert lower < recall


def test_what_no_width_reaches_is_reported_as_it_is(
    hard: tuple[NDArray[np.float32], NDArray[np.float32]], monkeypatch: pytest.MonkeyPatch
) -> None:
    factors, queries = hard
    monkeypatch.setattr(build, "EF_SEARCH_STEPS", (32, 33))
    index, recall = build_index(factors, "inner_product", IndexConfig(kind="hnsw", min_recall=1.0), queries)
    assert isinstance(index, FaissIndex)
    assert index.searcher.hnsw.efSearch == 33
    assert 0.3 < recall < 1.0
