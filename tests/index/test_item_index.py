"""One contract for every kind of index and metric."""

from __future__ import annotations

import itertools

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.config import IndexConfig
from recommender.index import ExactIndex, FaissIndex, ItemIndex, Metric, build_index, measure_recall

N_ITEMS, FACTORS, K = 1_200, 12, 20
ZEROS = (0, 7, N_ITEMS - 1)


@pytest.fixture(scope="module")
def item_factors() -> NDArray[np.float32]:
    """Factors whose lengths vary, as those of best sellers and slow sellers do; three items have none."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(N_ITEMS, FACTORS)) * rng.lognormal(0, 0.5, (N_ITEMS, 1))
    factors[list(ZEROS)] = 0
    return factors.astype(np.float32)


@pytest.fixture(scope="module")
def queries() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(60, FACTORS)).astype(np.float32)


@pytest.fixture(
    scope="module", params=itertools.product(["exact", "flat", "hnsw"], ["inner_product", "cosine"]), ids="-".join
)
def index(request: pytest.FixtureRequest, item_factors: NDArray[np.float32], queries: NDArray[np.float32]) -> ItemIndex:
    kind, metric = request.param
    built, recall = build_index(item_factors, metric, IndexConfig(kind=kind, min_recall=0.95), queries)
    assert built.kind == kind
    assert 0.95 <= recall <= 1 if kind == "hnsw" else recall == 1
    return built


def exact_scores(item_factors: NDArray[np.float32], query: NDArray[np.float32], metric: Metric) -> NDArray[np.float64]:
    Y, x = item_factors.astype(np.float64), query.astype(np.float64)
    if metric == "inner_product":
        return Y @ x
    lengths = np.linalg.norm(Y, axis=1) * np.linalg.norm(x)
    return np.divide(Y @ x, lengths, out=np.full(len(Y), -np.inf), where=lengths > 0)


def best_first(scores: NDArray[np.float64], allowed: NDArray[np.bool_], n: int) -> list[int]:
    items = np.flatnonzero(allowed)
    return items[np.argsort(-scores[items], kind="stable")][:n].tolist()


@pytest.fixture(scope="module")
def has_factors(item_factors: NDArray[np.float32]) -> NDArray[np.bool_]:
    return item_factors.any(axis=1)


def test_search_agrees_with_brute_force(
    index: ItemIndex,
    item_factors: NDArray[np.float32],
    queries: NDArray[np.float32],
    has_factors: NDArray[np.bool_],
) -> None:
    shares = []
    for query in queries:
        scores = exact_scores(item_factors, query, index.metric)
        wanted = best_first(scores, has_factors, K)
        items, found = index.search(query, K)
        assert items.dtype == np.int32
        assert len(set(items.tolist())) == K
        np.testing.assert_allclose(found, scores[items], rtol=1e-4, atol=1e-5)
        assert (np.diff(found) <= 0).all()
        shares.append(len(set(wanted) & set(items.tolist())) / K)
        if index.kind != "hnsw":
            np.testing.assert_allclose(found, scores[wanted], rtol=1e-4, atol=1e-5)  # the same items up to ties
    assert np.mean(shares) >= 0.95


@pytest.mark.parametrize("n", [N_ITEMS - len(ZEROS), N_ITEMS, 5 * N_ITEMS])
def test_more_than_there_are_gives_all_that_have_factors(index: ItemIndex, n: int) -> None:
    items, scores = index.search(np.ones(FACTORS, dtype=np.float32), n)
    assert sorted(items.tolist()) == [item for item in range(N_ITEMS) if item not in ZEROS]
    assert len(index) == len(items) == len(scores)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, None], ids=["nan", "inf", "-inf", "zero"])
def test_a_query_without_direction_finds_nothing(index: ItemIndex, bad: float | None) -> None:
    query = np.zeros(FACTORS, dtype=np.float32)
    if bad is not None:
        query[:] = 1
        query[3] = bad
    for items, scores in (index.search(query, 5), index.search_within(query, np.ones(N_ITEMS, dtype=bool), 5)):
        assert len(items) == len(scores) == 0
        assert items.dtype == np.int32


def test_the_length_of_a_query_plays_no_part_in_cosines(
    item_factors: NDArray[np.float32], queries: NDArray[np.float32]
) -> None:
    index, _ = build_index(item_factors, "cosine", IndexConfig(kind="exact"), queries)
    assert isinstance(index, ExactIndex)
    for length in (1e-30, 1e-20, 1e15):
        items, scores = index.search((queries[0] * length).astype(np.float32), 5)
        each_items, each_scores = index.search_each((queries[:2] * length).astype(np.float32), 5)
        expected = index.search(queries[0], 5)
        assert items.tolist() == each_items[0].tolist() == expected[0].tolist()
        np.testing.assert_allclose(scores, expected[1], rtol=1e-5)
        np.testing.assert_allclose(each_scores[0], expected[1], rtol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 1.0])
def test_search_within_is_exact(
    index: ItemIndex,
    item_factors: NDArray[np.float32],
    queries: NDArray[np.float32],
    has_factors: NDArray[np.bool_],
    share: float,
) -> None:
    rng = np.random.default_rng(2)
    for query in queries[:15]:
        allowed = rng.random(N_ITEMS) < share
        scores = exact_scores(item_factors, query, index.metric)
        items, found = index.search_within(query, allowed, K)
        wanted = best_first(scores, allowed & has_factors, K)
        assert (allowed & has_factors)[items].all()
        assert len(set(items.tolist())) == len(items) == len(wanted)
        for right in (scores[items], scores[wanted]):
            np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_among", [0, 1, 15, N_ITEMS])
def test_search_among_is_exact(
    index: ItemIndex,
    item_factors: NDArray[np.float32],
    queries: NDArray[np.float32],
    has_factors: NDArray[np.bool_],
    n_among: int,
) -> None:
    rng = np.random.default_rng(3)
    for query in queries[:15]:
        among = rng.permutation(N_ITEMS + 5)[:n_among].astype(np.int32)  # items the index never heard of too
        allowed = np.isin(np.arange(N_ITEMS), among)
        scores = exact_scores(item_factors, query, index.metric)
        items, found = index.search_among(query, among, K)
        wanted = best_first(scores, allowed & has_factors, K)
        assert len(set(items.tolist())) == len(items) == len(wanted)
        assert (allowed & has_factors)[items].all()
        for right in (scores[items], scores[wanted]):
            np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, K, 5 * N_ITEMS])
def test_search_each_is_search_of_each(index: ItemIndex, queries: NDArray[np.float32], n: int) -> None:
    items, scores = index.search_each(queries[:20], n)
    assert items.shape == scores.shape == (20, min(n, len(index)))
    assert items.dtype == np.int32
    for row, query in enumerate(queries[:20]):
        wanted, wanted_scores = index.search(query, n)
        np.testing.assert_allclose(scores[row], wanted_scores, rtol=1e-4, atol=1e-5)
        assert len(set(items[row].tolist()) ^ set(wanted.tolist())) <= 2  # up to a tie at the end


def test_search_within_knows_the_first_and_the_last_item(index: ItemIndex) -> None:
    for item in (1, N_ITEMS - 2):
        allowed = np.zeros(N_ITEMS, dtype=bool)
        allowed[[*ZEROS, item]] = True
        assert index.search_within(np.ones(FACTORS, dtype=np.float32), allowed, 5)[0].tolist() == [item]


def test_an_item_is_nearest_to_itself_by_cosine(index: ItemIndex, item_factors: NDArray[np.float32]) -> None:
    if index.metric == "cosine":
        items, scores = index.search(100 * item_factors[5], 1)
        assert items.tolist() == [5]
        assert scores.tolist() == pytest.approx([1.0])


def test_the_length_of_factors_matters_to_the_inner_product_only(index: ItemIndex) -> None:
    factors = np.array([[1, 0], [5, 5]], dtype=np.float32)
    kind = "exact" if index.kind == "exact" else "flat"
    small, _ = build_index(factors, index.metric, IndexConfig(kind=kind), factors[:0])
    first = small.search(np.array([1, 0], dtype=np.float32), 1)[0].tolist()
    assert first == ([0] if index.metric == "cosine" else [1])


@pytest.mark.parametrize("metric", ["inner_product", "cosine"])
@pytest.mark.parametrize("kind", ["exact", "flat", "hnsw"])
def test_without_any_factors_nothing_is_found(kind: str, metric: Metric) -> None:
    zeros = np.zeros((4, 3), dtype=np.float32)
    index, recall = build_index(zeros, metric, IndexConfig(kind=kind), np.ones((2, 3), dtype=np.float32))
    assert (len(index), recall) == (0, 1.0)
    assert len(index.search(np.ones(3, dtype=np.float32), 5)[0]) == 0
    assert len(index.search_within(np.ones(3, dtype=np.float32), np.ones(4, dtype=bool), 5)[0]) == 0


@pytest.mark.parametrize("metric", ["inner_product", "cosine"])
def test_a_graph_that_falls_apart_answers_exactly(
    metric: Metric, item_factors: NDArray[np.float32], queries: NDArray[np.float32]
) -> None:
    graph, _ = build_index(item_factors, metric, IndexConfig(kind="hnsw"), queries[:3])
    exact, _ = build_index(item_factors, metric, IndexConfig(kind="flat"), queries[:3])
    assert isinstance(graph, FaissIndex)
    links = faiss.vector_to_array(graph.searcher.hnsw.neighbors)
    faiss.copy_array_to_vector(np.full_like(links, -1), graph.searcher.hnsw.neighbors)
    _, raw = graph.searcher.search(queries[:1], K)
    assert (raw[0] == -1).sum() == K - 1  # FAISS pads: only its entry point is in reach
    for query in queries[:5]:
        assert graph.search(query, K)[0].tolist() == exact.search(query, K)[0].tolist()


def test_recall_is_the_share_of_the_exact_answer(item_factors: NDArray[np.float32]) -> None:
    everything, _ = build_index(item_factors, "inner_product", IndexConfig(kind="flat"), item_factors[:0])
    half = item_factors.copy()
    half[::2] = 0
    only_half, _ = build_index(half, "inner_product", IndexConfig(kind="flat"), item_factors[:0])
    query = np.ones((1, FACTORS), dtype=np.float32)
    top = everything.search(query[0], K)[0]
    assert measure_recall(only_half, everything, query) == np.mean(top % 2 == 1)
    assert 0 < np.mean(top % 2 == 1) < 1
    assert measure_recall(only_half, everything, np.concatenate([query, 0 * query])) == np.mean(top % 2 == 1)
    assert measure_recall(only_half, everything, 0 * query) == 1.0
