"""The exact search of the native kernels against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recommender.index.exact import ExactIndex, exact_index
from recommender.kernels import has_native, native, reference

pytestmark = pytest.mark.skipif(not has_native(), reason="the native kernels are not built")

Vectors = NDArray[np.float32]
Hits = tuple[NDArray[np.int32], NDArray[np.float32]]

PROCESSORS = native.processors() if has_native() else ["baseline"]


def indexed(vectors: Vectors) -> ExactIndex:
    return exact_index(vectors, np.arange(len(vectors), dtype=np.int32), "inner_product")


def scan_of(index: ExactIndex, processor: str | None = None, **changes: Any) -> Any:
    arguments = {name: getattr(index, name) for name in ("codes", "scales", "errors", "lengths", "bounds", "factors")}
    return native.Scan(**{**arguments, "numbers": index.items, "processor": processor, **changes})


def assert_best(vectors: Vectors, query: Vectors, k: int, hits: Hits, allowed: NDArray[np.bool_] | None = None) -> None:
    """The best k by brute force in float64, up to items whose scores float32 can't tell apart."""
    items, scores = hits
    exact = vectors.astype(np.float64) @ query.astype(np.float64)
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    rounding = len(query) * 2.0**-23 * float(np.linalg.norm(query.astype(np.float64)) * lengths.max(initial=0)) + 1e-44
    expected = reference.search(vectors, query, k, allowed)[1]
    assert items.dtype == np.int32
    assert scores.dtype == np.float32
    assert len(items) == len(scores) == len(expected)
    assert len(set(items.tolist())) == len(items)
    assert allowed is None or allowed[items].all()
    np.testing.assert_allclose(scores, exact[items], rtol=0, atol=rounding)
    np.testing.assert_allclose(exact[items], expected, rtol=0, atol=2 * rounding)
    assert [*zip((-scores).tolist(), items.tolist(), strict=True)] == sorted(
        zip((-scores).tolist(), items.tolist(), strict=True)
    )


def spread(rng: np.random.Generator, n: int, f: int) -> Vectors:
    return (rng.normal(0, 1, (n, f)) * rng.gamma(0.5, 1, (n, 1)) + 1e-6).astype(np.float32)


def equal_lengths(rng: np.random.Generator, n: int, f: int) -> Vectors:
    vectors = rng.normal(0, 1, (n, f))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def near_ties(rng: np.random.Generator, n: int, f: int) -> Vectors:
    """What 8 bits can't tell apart."""
    return (rng.normal(0, 1, f) * (1 + rng.normal(0, 1e-6, (n, f)))).astype(np.float32)


def huge_range_within(rng: np.random.Generator, n: int, f: int) -> Vectors:
    return (rng.normal(0, 1, (n, f)) * 10.0 ** rng.uniform(-18, 15, (n, f))).astype(np.float32)


def huge_range_between(rng: np.random.Generator, n: int, f: int) -> Vectors:
    return (rng.normal(0, 1, (n, f)) * 10.0 ** rng.uniform(-18, 15, (n, 1))).astype(np.float32)


def one_coordinate(rng: np.random.Generator, n: int, f: int) -> Vectors:
    """Codes without any error."""
    return (np.eye(f)[rng.integers(0, f, n)] * rng.choice([-1.0, 1.0], (n, 1))).astype(np.float32)


def all_against_the_query(rng: np.random.Generator, n: int, f: int) -> Vectors:
    return (-np.abs(rng.normal(0, 1, (n, f))) - 0.01).astype(np.float32)


KINDS = [
    spread,
    equal_lengths,
    near_ties,
    huge_range_within,
    huge_range_between,
    one_coordinate,
    all_against_the_query,
]


@pytest.mark.parametrize("factors", [1, 16, 30, 64, 128, 272])
@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_best(processor: str, kind: Any, factors: int) -> None:
    rng = np.random.default_rng(factors)
    for n in (1, 15, 16, 17, 700):
        vectors = kind(rng, n, factors)
        scan = scan_of(indexed(vectors), processor)
        for query in np.abs(rng.normal(0, 1, (3, factors))).astype(np.float32):
            for k in (1, 20, n + 3):
                assert_best(vectors, query, k, scan.search(query, k))


@pytest.mark.parametrize("share", [0.0, 0.002, 0.1, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("kind", [spread, equal_lengths])
def test_a_mask_leaves_the_best_of_those_it_allows(processor: str, kind: Any, share: float) -> None:
    rng = np.random.default_rng(0)
    vectors = kind(rng, 2003, 32)
    scan = scan_of(indexed(vectors), processor)
    for query in rng.normal(0, 1, (10, 32)).astype(np.float32):
        allowed = rng.random(2003) < share
        assert_best(vectors, query, 20, scan.search(query, 20, allowed), allowed)


def test_places_are_the_best_of_those(processor: str) -> None:
    rng = np.random.default_rng(0)
    vectors = spread(rng, 500, 48)
    index = indexed(vectors)
    scan = scan_of(index, processor)
    for n in (0, 1, 7, 300):
        places = rng.choice(500, n, replace=False).astype(np.int32)
        allowed = np.zeros(500, dtype=bool)
        allowed[index.items[places]] = True
        query = rng.normal(0, 1, 48).astype(np.float32)
        assert_best(vectors, query, 20, scan.search_places(query, 20, places), allowed)


def test_many_queries_at_once_answer_as_each_alone_on_any_number_of_threads(processor: str) -> None:
    rng = np.random.default_rng(0)
    for n in (0, 5, 400):
        scan = scan_of(indexed(spread(rng, n, 16)), processor)
        queries = rng.normal(0, 1, (70, 16)).astype(np.float32)
        queries[3], queries[4, 0], queries[5, 1] = 0, np.nan, np.inf
        for threads in (1, 2, 5):
            items, scores = scan.search_each(queries, 10, threads)
            assert items.shape == scores.shape == (70, 10)
            for query, found, their in zip(queries, items, scores, strict=True):
                alone, its = scan.search(query, 10)
                assert found.tolist() == alone.tolist() + [-1] * (10 - len(alone))
                assert their[: len(its)].tobytes() == its.tobytes()
                assert not their[len(its) :].any()
    assert scan.search_each(queries[:0], 10, 2)[0].shape == (0, 10)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf, -np.inf])
def test_a_query_that_is_zero_or_not_finite_finds_nothing(processor: str, bad: float) -> None:
    scan = scan_of(indexed(spread(np.random.default_rng(0), 40, 16)), processor)
    query = np.full(16, bad, dtype=np.float32)
    assert [len(part) for part in scan.search(query, 5)] == [0, 0]
    assert [len(part) for part in scan.search_places(query, 5, np.arange(9, dtype=np.int32))] == [0, 0]


def test_a_narrow_query_is_one_with_zeros_after_it(processor: str) -> None:
    vectors = spread(np.random.default_rng(0), 100, 20)  # padded to 32
    scan = scan_of(indexed(vectors), processor)
    query = np.random.default_rng(1).normal(0, 1, 20).astype(np.float32)
    wide = np.concatenate([query, np.zeros(12, dtype=np.float32)])
    assert [part.tobytes() for part in scan.search(query, 9)] == [part.tobytes() for part in scan.search(wide, 9)]


small_integers = st.integers(-3, 3)


@settings(max_examples=150, deadline=None)
@given(
    processor=st.sampled_from(PROCESSORS),
    factors=st.integers(1, 20),
    k=st.integers(0, 45),
    share=st.floats(0, 1),
    data=st.data(),
)
def test_ids_are_those_of_the_reference_ties_and_all(
    processor: str, factors: int, k: int, share: float, data: st.DataObject
) -> None:
    # small integers: float32 is exact, so equal scores are equal, and duplicates are many
    draw = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(draw)
    vectors = rng.integers(-3, 3, (rng.integers(1, 60), factors), endpoint=True).astype(np.float32)
    vectors = np.repeat(vectors[vectors.any(axis=1)], 2, axis=0)
    query = np.array(data.draw(st.lists(small_integers, min_size=factors, max_size=factors)), dtype=np.float32)
    if not query.any():
        query[0] = 1
    allowed = rng.random(len(vectors)) < share
    scan = scan_of(indexed(vectors), processor)
    for mask in (None, allowed):
        items, scores = scan.search(query, k, mask)
        expected, their = reference.search(vectors, query, k, mask)
        assert items.tolist() == expected.tolist()
        assert scores.tolist() == their.tolist()


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    processor=st.sampled_from(PROCESSORS),
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 200),
    factors=st.integers(1, 64),
    k=st.integers(1, 30),
    exponent=st.integers(-20, 18),
)
def test_finds_the_best_of_anything(
    seed: int, processor: str, kind: Any, n: int, factors: int, k: int, exponent: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = kind(rng, n, factors)
    vectors = vectors[vectors.any(axis=1)]
    query = (kind(rng, 1, factors)[0] * 10.0**exponent).astype(np.float32)
    with np.errstate(over="ignore"):
        products = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    if query.any() and np.isfinite(products).all():
        assert_best(vectors, query, k, scan_of(indexed(vectors), processor).search(query, k))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [3, 16, 128, 272])
def test_what_is_stored_of_an_item_bounds_its_error(kind: Any, factors: int) -> None:
    rng = np.random.default_rng(factors)
    vectors = kind(rng, 500, factors)
    index = indexed(vectors)
    n, width = index.factors.shape
    codes = index.codes.transpose(0, 2, 1, 3).reshape(-1, width)[:n]
    kept = index.scales[:n, None].astype(np.float64) * (codes.astype(np.float64) - 128)
    Y = index.factors.astype(np.float64)
    assert (Y[:, :factors] == vectors[index.items]).all()
    lengths = np.linalg.norm(Y, axis=1)
    assert (np.linalg.norm(Y - kept, axis=1) <= index.errors[:n]).all()
    assert (np.linalg.norm(kept, axis=1) <= index.lengths[:n]).all()
    later = np.maximum.accumulate(lengths[::-1])[::-1]
    assert (later[::16] <= index.bounds).all()
    for query in rng.normal(0, 1, (20, factors)):  # the inequality that scan.inl starts from
        q = np.concatenate([query, np.zeros(width - factors)])
        scale = np.abs(q).max() / 127
        rough = np.rint(q / scale) * scale
        slack = np.linalg.norm(q) * index.errors[:n] + np.linalg.norm(q - rough) * index.lengths[:n]
        assert (np.abs(Y @ q - kept @ rough) <= slack * (1 + 1e-12)).all()
        assert (index.errors[:n] <= np.sqrt(width) * index.scales[:n] * 0.501).all()  # and it is not a wide one


def test_a_bound_that_is_too_low_would_be_seen(processor: str) -> None:
    # the tests above can fail: without the errors of the codes, near ties are lost
    rng = np.random.default_rng(0)
    vectors = (rng.normal(0, 1, 64) * (1 + rng.normal(0, 1e-2, (700, 64)))).astype(np.float32)
    index = indexed(vectors)
    nothing = np.zeros_like(index.errors)
    broken = scan_of(index, processor, errors=nothing, lengths=nothing)
    queries = rng.normal(0, 1, (50, 64)).astype(np.float32)
    same = [broken.search(q, 5)[0].tolist() == reference.search(vectors, q, 5)[0].tolist() for q in queries]
    assert not all(same)


def test_scores_that_are_no_numbers_are_left_out(processor: str) -> None:
    # products that overflow to infinities of both signs: nothing may crash, or come in an order that is none
    rng = np.random.default_rng(0)
    vectors = (rng.choice([-1.0, 1.0], (400, 16)) * 3e38).astype(np.float32)
    index = indexed(spread(rng, 400, 16))
    scan = scan_of(index, processor, factors=np.ascontiguousarray(vectors))
    _, scores = scan.search(np.full(16, 3.0, dtype=np.float32), 100)
    assert not np.isnan(scores).any()
    assert (np.diff(scores[np.isfinite(scores)]) <= 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [3, 64, 272])
def test_the_bound_in_float32_is_not_below_the_score_in_float32(processor: str, kind: Any, factors: int) -> None:
    rng = np.random.default_rng(factors)
    vectors = kind(rng, 300, factors)
    index = indexed(vectors)
    n, width = index.factors.shape
    codes = index.codes.transpose(0, 2, 1, 3).reshape(-1, width)[:n].astype(np.int64)
    scan = scan_of(index, processor)
    places = np.argsort(index.items)
    for q in kind(rng, 20, factors):
        q = np.concatenate([q, np.zeros(width - factors, dtype=np.float32)])
        items, scores = scan.search(q, n)
        bounds = float32_bounds(index, codes, q)[places[items]]
        assert (bounds >= scores).all()
        assert (index.bounds[places[items] // 16] * float32_length(q) * (1 + width * 2.0**-23) >= scores).all()


def float32_length(q: Vectors) -> np.float32:
    return np.float32(np.linalg.norm(q.astype(np.float64)) * (1 + 1e-6))


def float32_bounds(index: ExactIndex, codes: NDArray[np.int64], q: Vectors) -> Vectors:
    """What scan.inl computes of a query that module.cpp has coded."""
    exact = q.astype(np.float64)
    scale = np.float32(np.abs(exact).max() / 127)
    rough = np.clip(np.rint(q / scale), -127, 127)
    rounding = (len(q) + 8) * 2.0**-22 * np.linalg.norm(exact)
    error = np.float32((np.linalg.norm(exact - rough * np.float64(scale)) + rounding) * (1 + 1e-6))
    n = len(codes)
    products = (codes @ rough.astype(np.int64) - 128 * int(rough.sum())).astype(np.float32)
    slack = float32_length(q) * index.errors[:n] + error * index.lengths[:n]
    bounds: Vectors = products * (scale * index.scales[:n]) + np.float32(1e-37) + slack
    return bounds


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("width", [16, 48, 128])
def test_products_of_rows(processor: str, width: int) -> None:
    rng = np.random.default_rng(width)
    vectors, query = spread(rng, 50, width), rng.normal(size=width).astype(np.float32)
    for n in (0, 1, 5, 6, 7, 200):
        rows = rng.integers(0, 50, n).astype(np.int32)
        found = native.row_products(vectors, query, rows, processor)
        np.testing.assert_allclose(found, reference.row_products(vectors, query, rows), rtol=1e-5, atol=1e-5)


def test_products_of_rows_that_are_none_are_refused() -> None:
    vectors, rows = np.ones((3, 16), dtype=np.float32), np.zeros(1, dtype=np.int32)
    for wrong in (-1, 3):
        with pytest.raises(IndexError, match="not one of the factors"):
            native.row_products(vectors, vectors[0], rows + np.int32(wrong))
    with pytest.raises(ValueError, match="as wide as"):
        native.row_products(vectors, vectors[0, :8], rows)
    with pytest.raises(ValueError, match="multiple of 16"):
        native.row_products(np.ones((3, 8), dtype=np.float32), vectors[0, :8], rows)
