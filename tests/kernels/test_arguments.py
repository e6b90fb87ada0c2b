"""Arguments that don't fit are refused by the module itself, with a reason; nothing is read out of bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from problems import Problem, random_problem

from recommender.index.exact import exact_index
from recommender.kernels import has_native, native

pytestmark = pytest.mark.skipif(not has_native(), reason="the native kernels are not built")

FLOATS = np.ones((4, 16), dtype=np.float32)
BIG = 2**31 - 1


def problem() -> Problem:
    return random_problem(np.random.default_rng(0), lengths=[2, 0, 3], columns=6, width=16)


def i32(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


def i64(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def f32(*shape: int) -> np.ndarray:
    return np.ones(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"indices": i32(0, 1, 2, 3, 6)}, IndexError, "an index is not that of a row of factors"),
        ({"indices": i32(0, 1, -1, 3, 4)}, IndexError, "an index is not that of a row of factors"),
        ({"indices": i32(0, 1, 2, 3, -(2**31))}, IndexError, "an index is not that of a row of factors"),
        ({"indices": i64(0, 1, 2, 3, 4)}, TypeError, "incompatible constructor arguments"),
        ({"indices": i32(0, 1, 2, 3)}, ValueError, "confidence for each index"),
        ({"indptr": i64(0, 2, 2, 4)}, ValueError, "indptr must rise from 0 to the number of indices"),
        ({"indptr": i64(0, 2, 2, 9)}, ValueError, "indptr must rise from 0 to the number of indices"),
        ({"indptr": i64(1, 2, 2, 5)}, ValueError, "indptr must rise from 0 to the number of indices"),
        ({"indptr": i64(0, 9, 2, 5)}, ValueError, "indptr must rise from 0 to the number of indices"),
        ({"indptr": i64(0, -9, 2, 5)}, ValueError, "indptr must rise from 0 to the number of indices"),
        ({"indptr": i64()}, ValueError, "indptr must have one dimension and not be empty"),
        ({"indptr": i64(0, 5)}, ValueError, "a regularization for each row"),
        ({"indptr": i32(0, 2, 2, 5)}, TypeError, "incompatible constructor arguments"),
        ({"factors": f32(6, 15)}, ValueError, "a multiple of 16"),
        ({"factors": f32(6, 0)}, ValueError, "a multiple of 16"),
        ({"factors": f32(96)}, ValueError, "a multiple of 16"),
        ({"factors": f32(6, 32)}, ValueError, "spectrum must be as long as a factor"),
        ({"factors": f32(6, 16).astype(np.float64)}, TypeError, "incompatible constructor arguments"),
        ({"factors": f32(16, 6).T}, TypeError, "incompatible constructor arguments"),
        ({"factors": f32(12, 16)[::2]}, TypeError, "incompatible constructor arguments"),
        ({"factors": None}, TypeError, "incompatible constructor arguments"),
        ({"spectrum": None}, ValueError, "spectrum and regularizations go together"),
        ({"regularizations": None}, ValueError, "spectrum and regularizations go together"),
        ({"spectrum": f32(15)}, ValueError, "spectrum must be as long as a factor"),
        ({"spectrum": f32(4, 4)}, ValueError, "spectrum must be as long as a factor"),
        ({"regularizations": f32(2)}, ValueError, "a regularization for each row"),
        ({"confidences": f32(4)}, ValueError, "a confidence for each index"),
        ({"confidences": f32(5).astype(np.float64)}, TypeError, "incompatible constructor arguments"),
        ({"processor": "z80"}, ValueError, "no kernels for processor z80 here"),
    ],
)
def test_row_problem(changes: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        problem().native(**changes)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"order": i64(0, 3)}, IndexError, "a number in order is not that of a row"),
        ({"order": i64(-1)}, IndexError, "a number in order is not that of a row"),
        ({"order": i32(0)}, TypeError, "incompatible function arguments"),
        ({"solutions": f32(2, 16)}, ValueError, "solutions must have a row for each row"),
        ({"solutions": f32(3, 32)}, ValueError, "solutions must have a row for each row"),
        ({"solutions": f32(48)}, ValueError, "solutions must have a row for each row"),
        ({"solutions": f32(3, 16).astype(np.float64)}, TypeError, "incompatible function arguments"),
        ({"solutions": f32(6, 16)[::2]}, TypeError, "incompatible function arguments"),
        ({"threads": 0}, ValueError, "threads must be above 0"),
        ({"threads": -(2**31)}, ValueError, "threads must be above 0"),
    ],
)
def test_solve(changes: dict[str, Any], error: type[Exception], reason: str) -> None:
    rows = problem().native()
    arguments = {"order": i64(0, 1, 2), "solutions": f32(3, 16), "steps": 2, "tolerance": 0.0, "threads": 1}
    with pytest.raises(error, match=reason):
        rows.solve(**{**arguments, **changes})
    if "order" not in changes:
        with pytest.raises(error, match=reason):
            rows.observed_loss(changes.get("solutions", f32(3, 16)), threads=changes.get("threads", 1))


def test_read_only_solutions_are_refused_and_read_only_factors_are_not() -> None:
    given = problem()
    given.factors.flags.writeable = False
    solutions = f32(3, 16)
    solutions.flags.writeable = False
    with pytest.raises(ValueError, match="not writeable"):
        given.native().solve(i64(0), solutions, steps=2, tolerance=0.0, threads=1)


def test_absurd_numbers_of_threads_and_steps_work() -> None:
    given = problem()
    found = given.unsolved()
    given.native().solve(given.order, found, steps=BIG, tolerance=1e-7, threads=BIG)
    np.testing.assert_allclose(found, given.exact(), rtol=1e-3, atol=1e-5)
    assert np.isfinite(given.native().observed_loss(found, threads=BIG))
    given.native().solve(given.order, found, steps=-1, tolerance=np.nan, threads=1)
    assert not found.any()


@pytest.mark.parametrize(
    ("function", "arguments", "error", "reason"),
    [
        ("multiply", [f32(3, 0), f32(0, 0)], ValueError, "a width above 0"),
        ("multiply", [f32(3, 16).astype(np.float64), f32(16, 16)], TypeError, "incompatible function arguments"),
        ("multiply", [f32(16, 3).T, f32(3, 3)], TypeError, "incompatible function arguments"),
        ("multiply", [[[1.0]], f32(1, 1)], TypeError, "incompatible function arguments"),
        ("multiply", [f32(3, 16), f32(16, 15)], ValueError, "square and as wide as the factors"),
        ("multiply", [f32(3, 16), f32(256)], ValueError, "square and as wide as the factors"),
        ("multiply_by_triangle", [f32(3, 16), f32(17, 17)], ValueError, "square and as wide as the factors"),
        ("multiply_by_triangle", [f32(16), f32(16, 16)], ValueError, "two dimensions"),
    ],
)
def test_dense(function: str, arguments: list[Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        getattr(native, function)(*arguments, threads=1)


def test_dense_needs_a_thread_and_something_to_write_to() -> None:
    with pytest.raises(ValueError, match="threads must be above 0"):
        native.multiply(FLOATS.copy(), f32(16, 16), threads=0)
    frozen = FLOATS.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="not writeable"):
        native.multiply(frozen, f32(16, 16), threads=1)


def scan(**changes: Any) -> Any:
    vectors = np.random.default_rng(0).normal(0, 1, (20, 16)).astype(np.float32)
    index = exact_index(vectors, np.arange(20, dtype=np.int32), "inner_product")
    arguments = {name: getattr(index, name) for name in ("codes", "scales", "errors", "lengths", "bounds", "factors")}
    return native.Scan(**{**arguments, "numbers": index.items, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"factors": f32(20, 17)}, ValueError, "a multiple of 16"),
        ({"factors": f32(33, 16)}, ValueError, "a number for each item"),
        ({"factors": f32(20, 16).astype(np.float64)}, TypeError, "incompatible constructor arguments"),
        ({"numbers": i32(*range(19))}, ValueError, "a number for each item"),
        ({"numbers": i32(-1, *range(19))}, IndexError, "must not be negative"),
        ({"numbers": np.arange(20)}, TypeError, "incompatible constructor arguments"),
        ({"bounds": f32(1)}, ValueError, "a bound for each block of 16 items"),
        ({"scales": f32(20)}, ValueError, "fill whole blocks of 16 items"),
        ({"errors": f32(20)}, ValueError, "fill whole blocks of 16 items"),
        ({"lengths": f32(33)}, ValueError, "fill whole blocks of 16 items"),
        ({"codes": np.zeros(20 * 16, dtype=np.uint8)}, ValueError, "codes must fill whole blocks of 16 items"),
        ({"codes": np.zeros(32 * 16, dtype=np.int8)}, TypeError, "incompatible constructor arguments"),
        ({"processor": "z80"}, ValueError, "no kernels for processor z80 here"),
    ],
)
def test_scan(changes: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        scan(**changes)


QUERY = f32(16)


@pytest.mark.parametrize(
    ("method", "arguments", "error", "reason"),
    [
        ("search", [f32(17), 3], ValueError, "must not be wider than the items"),
        ("search", [f32(1, 16), 3], ValueError, "must not be wider than the items"),
        ("search", [QUERY.astype(np.float64), 3], TypeError, "incompatible function arguments"),
        ("search", [QUERY, -1], ValueError, "k must not be negative"),
        ("search", [QUERY, 2**31], TypeError, "incompatible function arguments"),
        ("search", [QUERY, 3, np.ones(19, dtype=bool)], ValueError, "a value for each number"),
        ("search", [QUERY, 3, np.ones(20, dtype=np.uint8)], TypeError, "incompatible function arguments"),
        ("search", [QUERY, 3, np.ones(40, dtype=bool)[::2]], TypeError, "incompatible function arguments"),
        ("search_places", [QUERY, 3, i32(0, 20)], ValueError, "a place is not one of the items"),
        ("search_places", [QUERY, 3, i32(-1)], ValueError, "a place is not one of the items"),
        ("search_places", [QUERY, 3, i64(1)], TypeError, "incompatible function arguments"),
        ("search_places", [f32(32), 3, i32(1)], ValueError, "must not be wider than the items"),
        ("search_each", [QUERY, 3, 1], ValueError, "must not be wider than the items"),
        ("search_each", [f32(2, 32), 3, 1], ValueError, "must not be wider than the items"),
        ("search_each", [f32(2, 16), -3, 1], ValueError, "k must not be negative"),
        ("search_each", [f32(2, 16), 3, 0], ValueError, "threads must be above 0"),
    ],
)
def test_searches(method: str, arguments: list[Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        getattr(scan(), method)(*arguments)


def test_an_absurd_k_costs_no_more_than_the_items_there_are() -> None:
    for found in (scan().search(QUERY, BIG), scan().search_places(QUERY, BIG, i32(*range(20)))):
        assert len(found[0]) == 20
    assert [len(part) for part in scan().search(QUERY, 0)] == [0, 0]
    assert scan().search_each(f32(2, 16), 0, 1)[0].shape == (2, 0)
