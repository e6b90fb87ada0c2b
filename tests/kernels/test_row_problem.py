"""Half-steps by the native kernels against their specification, and what every step of them must do to the loss."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import Matrix, Problem, random_problem

from recommender.kernels import has_native, native, reference

needs_native = pytest.mark.skipif(not has_native(), reason="the native kernels are not built")

WIDTHS = [16, 48, 128, 272]

WEIGHTS: dict[str, dict[str, Any]] = {
    "weighted": {},
    "equal": {"equal": 7.5},
    "below the unobserved weight": {"confidences": (0.01, 0.9), "unobserved_weight": 1.0},
}

SHAPES: dict[str, dict[str, Any]] = {
    "few columns, empty rows": {"lengths": [0, 1, 2, 3, 4, 5, 7, 0], "columns": 40},
    "around the group of 32": {"lengths": [31, 32, 33, 63, 64, 65, 97], "columns": 200},
    "thousands in one row": {"lengths": [2000, 2, 0], "columns": 2500},
    "all columns": {"lengths": [20, 20], "columns": 20},
    "nothing observed": {"lengths": [0, 0, 0], "columns": 3},
    "no rows": {"lengths": [], "columns": 3},
    "no columns": {"lengths": [0, 0], "columns": 0},
}


def assert_close(found: np.ndarray, exact: np.ndarray, tolerance: float) -> None:
    """Each row within a share of its own length."""
    assert np.isfinite(found).all()
    off = np.linalg.norm(found - exact, axis=1)
    assert (off <= tolerance * np.linalg.norm(exact, axis=1)).all(), off / np.linalg.norm(exact, axis=1)


@cache
def problem_and_solution(shape: str, confidences: str, width: int) -> tuple[Problem, Matrix]:
    problem = random_problem(np.random.default_rng(width), **SHAPES[shape], width=width, **WEIGHTS[confidences])
    return problem, problem.exact()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("confidences", WEIGHTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_many_steps_solve_the_normal_equations(processor: str, shape: str, confidences: str, width: int) -> None:
    problem, exact = problem_and_solution(shape, confidences, width)
    assert_close(problem.solved(processor, steps=60), exact, 5e-5)


@pytest.mark.parametrize("width", [16, 144])
def test_whitened_coordinates_solve_the_same(processor: str, width: int) -> None:
    problem = random_problem(np.random.default_rng(5), lengths=[0, 1, 20, 40, 300], columns=500, width=width)
    problem = replace(problem, regularizations=np.full(5, 2.5, dtype=np.float32))
    lower = np.linalg.cholesky(problem.unobserved_weight * problem.gram + 2.5 * np.eye(width))
    whitened = np.linalg.solve(lower, problem.factors.T.astype(np.float64)).T
    rows = problem.native(
        processor,
        factors=np.ascontiguousarray(whitened, dtype=np.float32),
        spectrum=None,
        regularizations=None,
    )
    found = problem.unsolved()
    rows.solve(problem.order, found, steps=60, tolerance=0.0, threads=1)
    assert_close(np.linalg.solve(lower.T, found.T.astype(np.float64)).T, problem.exact(), 5e-5)


def test_by_hand(processor: str) -> None:
    # one of 16 coordinates is used: y = (2, 1), c = 3 for the first: x (w0 (4 + 1) + reg + (c - w0) 4) = c 2
    factors = np.zeros((2, 16), dtype=np.float32)
    factors[:, 0] = 2, 1
    row = sp.csr_matrix(np.array([[3, 0]], dtype=np.float32))
    found = Problem(row, None, factors, np.array([4], dtype=np.float32), 0.5).solved(processor, steps=3)
    assert found[0].tolist() == pytest.approx([6 / (0.5 * 5 + 4 + 2.5 * 4)] + [0] * 15)


def test_a_row_with_n_columns_is_exact_after_n_steps(processor: str) -> None:
    problem = random_problem(np.random.default_rng(2), lengths=[1, 2, 3], columns=30, width=64)
    exact = problem.exact()
    for steps in (1, 2, 3):
        assert_close(problem.solved(processor, steps=steps)[:steps], exact[:steps], 1e-5)


def test_no_steps_from_zero_are_zeros_and_rows_not_in_order_stay(processor: str) -> None:
    problem = random_problem(np.random.default_rng(2), lengths=[4, 0, 3], columns=30, width=16)
    assert not problem.solved(processor, steps=0).any()
    found = problem.unsolved(7.0)
    problem.native(processor).solve(np.array([2], dtype=np.int64), found, steps=30, tolerance=0.0, threads=1)
    assert (found[:2] == 7).all()
    assert_close(found[2:], problem.exact()[2:], 1e-5)


def test_a_tolerance_ends_the_steps_early_enough_and_not_too_early(processor: str) -> None:
    problem = random_problem(np.random.default_rng(8), lengths=[60, 90], columns=200, width=64)
    exact = problem.exact()
    for tolerance in (1e-1, 1e-2, 1e-3):
        loose = problem.unsolved()
        problem.native(processor).solve(problem.order, loose, steps=100, tolerance=tolerance, threads=1)
        off = np.linalg.norm(loose - exact, axis=1) / np.linalg.norm(exact, axis=1)
        assert (off < 10 * tolerance).all()
        assert (off > 1e-3 * tolerance).all()


@needs_native
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    processor=st.sampled_from(native.processors() if has_native() else [""]),
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=6),
    width=st.sampled_from([16, 32, 96]),
    equal=st.none() | st.floats(0.01, 50),
    unobserved_weight=st.floats(0.01, 2),
)
def test_no_step_raises_the_objective_of_a_row(
    seed: int,
    processor: str,
    lengths: list[int],
    width: int,
    equal: float | None,
    unobserved_weight: float,
) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(
        rng, lengths=lengths, columns=45, width=width, equal=equal, unobserved_weight=unobserved_weight
    )
    rounding = 1 + 1e-5
    before = problem.objectives(problem.unsolved(0.0))
    for steps in range(1, 6):
        after = problem.objectives(problem.solved(processor, steps=steps))
        assert (after <= before * rounding + 1e-6).all()
        before = after


@needs_native
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), users=st.integers(1, 30), items=st.integers(1, 60), w0=st.floats(0.05, 2))
def test_an_exact_half_step_never_raises_the_loss(seed: int, users: int, items: int, w0: float) -> None:
    rng = np.random.default_rng(seed)
    lengths = [int(n) for n in rng.integers(0, items, users, endpoint=True)]
    problem = random_problem(rng, lengths=lengths, columns=items, width=32, unobserved_weight=w0)
    before = rng.normal(0, 0.3, (users, 32))
    fixed = (problem.factors, problem.regularizations, rng.uniform(0, 5, items), w0)
    start = reference.loss(problem.confidences, before, *fixed)
    assert reference.loss(problem.confidences, problem.solved(steps=50), *fixed) <= start * (1 + 1e-6)


@pytest.mark.parametrize("equal", [None, 4.0])
def test_observed_loss_and_the_gram_trick_are_the_loss(processor: str, equal: float | None) -> None:
    rng = np.random.default_rng(4)
    problem = random_problem(rng, lengths=[0, 3, 40, 100], columns=300, width=48, equal=equal)
    X = rng.normal(0, 0.3, (4, 48)).astype(np.float32)
    none = np.zeros(300)
    expected = reference.loss(
        problem.confidences, X, problem.factors, problem.regularizations, none, problem.unobserved_weight
    )
    observed = problem.native(processor).observed_loss(X, threads=1)
    X64 = X.astype(np.float64)
    all_pairs = problem.unobserved_weight * ((X64.T @ X64) * problem.gram).sum()
    assert observed + all_pairs + problem.regularizations @ (X64**2).sum(axis=1) == pytest.approx(expected, rel=1e-6)


def test_any_number_of_threads_gives_the_same_bytes(processor: str) -> None:
    rng = np.random.default_rng(1)
    problem = random_problem(rng, lengths=rng.integers(0, 70, 150).tolist(), columns=100, width=80)
    one = problem.solved(processor, steps=3)
    for threads in (1, 2, 5, 200):
        assert problem.solved(processor, steps=3, threads=threads).tobytes() == one.tobytes()
    rows = problem.native(processor)
    assert len({rows.observed_loss(one, threads=threads) for threads in (1, 1, 2, 5)}) == 1


@needs_native
def test_all_processors_agree() -> None:
    rng = np.random.default_rng(6)
    problem = random_problem(rng, lengths=rng.integers(0, 200, 50).tolist(), columns=300, width=112)
    first, *others = [problem.solved(name, steps=3) for name in native.processors()]
    for other in others:
        assert_close(other, first.astype(np.float64), 1e-5)


def test_what_is_too_small_for_a_float_stays_finite(processor: str) -> None:
    problem = random_problem(np.random.default_rng(3), lengths=[5, 40], columns=50, width=16)
    for scale in (1e-10, 1e-15, 1e-20, 1e-22, 1e-23, 1e-30, 1e-40):
        tiny = replace(problem, factors=problem.factors * np.float32(scale))
        assert_close(tiny.solved(processor, steps=60) / scale, tiny.exact() / scale, 1e-4 if scale > 1e-16 else np.inf)


def test_a_row_that_diverges_says_so_by_being_infinite_and_leaves_the_others_alone(processor: str) -> None:
    problem = random_problem(np.random.default_rng(3), lengths=[5, 5], columns=20, width=16)
    problem.confidences.data[:5] = 3e38
    found = problem.solved(processor, steps=5)
    assert not np.isfinite(found[0]).all()
    assert_close(found[1:], problem.exact()[1:], 1e-4)
