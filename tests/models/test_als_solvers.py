"""Who solves: the native kernels, implicit, or the reference; and what each does with odd input."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.errors import ConfigError, DataError
from recommender.kernels import has_native, native, reference
from recommender.models import ALS, FactorModel, als_native

ALS_8 = ALS(factors=8, regularization=2.0, alpha=3.0, unobserved_weight=0.5, epochs=15, steps=8, threads=1, seed=1)

needs_native = pytest.mark.skipif(not has_native(), reason="the native kernels are not built")


@pytest.fixture
def without_native(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where no compiler was found."""
    monkeypatch.setattr("recommender.kernels.native", None)


def confidences_of(user_items: sp.csr_matrix, als: ALS) -> sp.csr_matrix:
    confidences = user_items.copy()
    confidences.data = als.unobserved_weight + als.alpha * confidences.data
    return confidences


def regularizations_by_hand(confidences: sp.csr_matrix, als: ALS) -> NDArray[np.float64]:
    dense = confidences.toarray().astype(np.float64)
    sums = np.where(dense > 0, dense, als.unobserved_weight).sum(axis=1)
    return np.asarray(als.regularization * sums**als.regularization_exponent)


def losses_of(als: ALS, user_items: sp.csr_matrix, caplog: pytest.LogCaptureFixture, **fit: Any) -> list[float]:
    """What `verbose` says of each epoch."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="recommender.models.als"):
        replace(als, verbose=True).fit(user_items, **fit)
    return [float(record.getMessage().rsplit(" ", 1)[1]) for record in caplog.records]


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("factors", [5, 8, 32])
def test_the_loss_of_each_epoch_is_that_of_the_reference(
    user_items: sp.csr_matrix, caplog: pytest.LogCaptureFixture, exponent: float, factors: int
) -> None:
    als = replace(
        ALS_8, factors=factors, steps=60, epochs=4, regularization_exponent=exponent, regularization=2 / 24**exponent
    )
    confidences = confidences_of(user_items, als)
    of_users = regularizations_by_hand(confidences, als)
    of_items = regularizations_by_hand(confidences.T.tocsr(), als)
    said = losses_of(als, user_items, caplog)
    assert len(said) == 4
    for epoch in (2, 3, 4):
        Y = replace(als, epochs=epoch - 1).fit(user_items).item_factors
        X = reference.solve_rows(confidences, Y, of_users, als.unobserved_weight)
        Y = reference.solve_rows(confidences.T.tocsr(), X, of_items, als.unobserved_weight)
        exact = reference.loss(confidences, X, Y, of_users, of_items, als.unobserved_weight)
        assert said[epoch - 1] == pytest.approx(exact, rel=1e-5)
    assert said == sorted(said, reverse=True)


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_hundreds_of_epochs_in_changing_coordinates_lose_nothing(
    user_items: sp.csr_matrix, caplog: pytest.LogCaptureFixture, exponent: float
) -> None:
    als = replace(ALS_8, epochs=600, steps=30, regularization=0.01, regularization_exponent=exponent)
    said = losses_of(als, user_items, caplog)
    rounding = 1 + 1e-5
    assert all(later <= earlier * rounding for earlier, later in pairwise(said))
    confidences = confidences_of(user_items, als)
    of_users = regularizations_by_hand(confidences, als)
    of_items = regularizations_by_hand(confidences.T.tocsr(), als)
    model = als.fit(user_items)
    X = model.fold_in(user_items)
    exact = reference.loss(confidences, X, model.item_factors, of_users, of_items, als.unobserved_weight)
    assert exact == pytest.approx(said[-1], rel=1e-3)


@pytest.mark.parametrize("solver", ["implicit", pytest.param("native", marks=needs_native)])
def test_columns_are_orthogonal_and_the_largest_comes_first(user_items: sp.csr_matrix, solver: Any) -> None:
    Y = replace(ALS_8, solver=solver).fit(user_items).item_factors.astype(np.float64)
    gram = Y.T @ Y
    lengths = np.diag(gram)
    assert (np.diff(lengths) <= 0).all()
    assert np.abs(gram - np.diag(lengths)).max() < 1e-4 * lengths.max()
    assert np.flatnonzero(~Y.any(axis=1)).tolist() == [5]


@needs_native
def test_both_solvers_come_to_the_same_predictions(user_items: sp.csr_matrix) -> None:
    models = [replace(ALS_8, solver=solver, epochs=300, steps=32).fit(user_items) for solver in ("native", "implicit")]
    ours, theirs = (model.fold_in(user_items) @ model.item_factors.T for model in models)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.usefixtures("without_native")
def test_native_without_the_module_is_an_error_that_says_what_to_do(user_items: sp.csr_matrix) -> None:
    with pytest.raises(ConfigError, match=r'models\.als\.solver = "native": .*not built.*"auto"'):
        replace(ALS_8, solver="native").fit(user_items)


@pytest.mark.usefixtures("without_native")
def test_auto_without_the_module_trains_by_implicit_and_folds_in_by_the_reference(
    user_items: sp.csr_matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ALS_8.chosen_solver == "implicit"
    model = ALS_8.fit(user_items)
    solved = []
    exact = reference.solve_rows
    monkeypatch.setattr(reference, "solve_rows", lambda *arguments: solved.append(1) or exact(*arguments))
    X = model.fold_in(user_items)
    assert solved
    monkeypatch.undo()
    assert ALS_8.fit(user_items).item_factors.shape == (24, 8)
    np.testing.assert_allclose(X, model.fold_in(user_items), rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("without_native")
@pytest.mark.parametrize("option", [{"regularization_exponent": 0.5}, {"tolerance": 0.01}])
def test_what_implicit_does_not_know_is_refused(user_items: sp.csr_matrix, option: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="implicit knows no regularization_exponent and no tolerance"):
        replace(ALS_8, **option).fit(user_items)


@needs_native
def test_a_tolerance_ends_the_training_early(user_items: sp.csr_matrix, caplog: pytest.LogCaptureFixture) -> None:
    als = replace(ALS_8, epochs=200, tolerance=0.01)
    seen: list[tuple[int, int | None]] = []
    said = losses_of(als, user_items, caplog, progress=lambda stage, done, total: seen.append((done, total)))
    assert 3 < len(said) < 100
    falls = [(before - now) / before for before, now in pairwise(said)]
    assert falls[-1] < 0.01
    assert min(falls[:-1]) >= 0.01
    assert seen[-1] == (200, 200)  # the progress bar is full
    as_long = replace(als, tolerance=None, epochs=len(said)).fit(user_items)
    assert as_long.item_factors.tobytes() == als.fit(user_items).item_factors.tobytes()


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_a_warm_start_reaches_the_loss_in_fewer_epochs(
    user_items: sp.csr_matrix, caplog: pytest.LogCaptureFixture, exponent: float
) -> None:
    als = replace(ALS_8, epochs=30, regularization_exponent=exponent, regularization=2 / 24**exponent)
    known = als.fit(user_items).item_factors
    cold = losses_of(als, user_items, caplog)
    warm = losses_of(als, user_items, caplog, warm_start=known)
    assert warm[0] <= min(cold) * (1 + 1e-4)
    assert cold[3] > warm[0]
    new_items = known.copy()
    new_items[::6] = 0  # items it did not know start at random and get factors too
    assert (als.fit(user_items, warm_start=new_items).item_factors.any(axis=1)).sum() == 23
    half = losses_of(replace(als, factors=12), user_items, caplog, warm_start=known)  # other numbers of factors too
    assert half[1] < cold[1]
    assert ALS_8.fit(user_items, warm_start=known[:, :3].copy()).factors == 8


@pytest.mark.parametrize(
    "start", [np.ones(24, np.float32), np.ones((23, 8), np.float32), np.full((24, 8), np.nan, np.float32)]
)
def test_a_warm_start_of_another_shape_is_refused(user_items: sp.csr_matrix, start: NDArray[np.float32]) -> None:
    with pytest.raises(ConfigError, match=r"warm_start: .*needs 24 rows of finite numbers"):
        ALS_8.fit(user_items, warm_start=start)


def int64_indices(matrix: sp.csr_matrix) -> sp.csr_matrix:
    other = matrix.copy()
    other.indices, other.indptr = other.indices.astype(np.int64), other.indptr.astype(np.int64)
    assert other.indices.dtype == np.int64
    return other


def unsorted(matrix: sp.csr_matrix) -> sp.csr_matrix:
    parts = [slice(*bounds) for bounds in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)]
    order = np.concatenate([np.arange(matrix.nnz)[part][::-1] for part in parts])
    return sp.csr_matrix((matrix.data[order], matrix.indices[order], matrix.indptr), shape=matrix.shape)


def duplicates(matrix: sp.csr_matrix) -> sp.csr_matrix:
    twice = np.repeat(matrix.data / 2, 2), np.repeat(matrix.indices, 2), matrix.indptr * 2
    return sp.csr_matrix(twice, shape=matrix.shape)


def stored_zeros(matrix: sp.csr_matrix) -> sp.csr_matrix:
    filled = [sp.csr_matrix(np.where(row.toarray() == 0, -1, row.toarray())) for row in matrix]
    other = sp.vstack(filled, format="csr").astype(np.float32)
    other.data[other.data < 0] = 0
    assert other.nnz == 60 * 24
    return other


FORMS: list[Callable[[sp.csr_matrix], Any]] = [
    int64_indices,
    unsorted,
    duplicates,
    stored_zeros,
    lambda matrix: matrix.astype(np.float64),
    sp.csr_array,
    lambda matrix: sp.csr_array(int64_indices(matrix)),
    lambda matrix: matrix.tocsc(),
    lambda matrix: matrix.tocoo(),
]


@pytest.mark.parametrize("solver", ["implicit", pytest.param("native", marks=needs_native)])
@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_matrix_does_not_matter(user_items: sp.csr_matrix, form: Any, solver: Any) -> None:
    als = replace(ALS_8, solver=solver)
    given = form(user_items)
    plain = als.fit(user_items)
    model = als.fit(given)
    np.testing.assert_allclose(model.item_factors, plain.item_factors, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.fold_in(given), plain.fold_in(user_items), rtol=1e-4, atol=1e-6)


def test_whole_numbers_and_booleans_are_values() -> None:
    seen = np.random.default_rng(0).random((20, 10)) < 0.4
    models = [ALS_8.fit(sp.csr_matrix(seen.astype(kind))) for kind in (np.float32, np.int64, bool)]
    assert len({model.item_factors.tobytes() for model in models}) == 1


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (3, 5)])
@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_no_users_no_items_or_no_values(shape: tuple[int, int], exponent: float) -> None:
    empty = sp.csr_matrix(shape, dtype=np.float32)
    als = replace(ALS_8, regularization_exponent=exponent) if has_native() else ALS_8
    model = als.fit(empty)
    assert model.item_factors.shape == (shape[1], 8)
    assert not model.item_factors.any()
    assert model.fold_in(empty).shape == (shape[0], 8)


def malformed(indices: list[int], indptr: list[int], kind: type = np.int32) -> sp.csr_matrix:
    """Shape (2, 4), in a way that SciPy does not look at."""
    matrix = sp.csr_matrix((2, 4), dtype=np.float32)
    matrix.data = np.ones(len(indices), dtype=np.float32)
    matrix.indices, matrix.indptr = np.array(indices, dtype=kind), np.array(indptr, dtype=kind)
    return matrix


MALFORMED = [
    malformed([0, 4], [0, 1, 2]),
    malformed([0, -1], [0, 1, 2]),
    malformed([0, 2**31 - 1], [0, 1, 2]),
    malformed([0, 2**32], [0, 1, 2], np.int64),
    malformed([0, -(2**40)], [0, 1, 2], np.int64),
    malformed([0, 1], [0, 2, 1]),
    malformed([0, 1], [0, 1, 900]),
    malformed([0, 1], [0, -5, 2]),
    malformed([0, 1], [1, 1, 2]),
    malformed([0, 1], [0, 2]),
]


@pytest.mark.parametrize("matrix", MALFORMED)
@pytest.mark.parametrize("call", ["fit", "fold_in"])
def test_a_malformed_matrix_is_refused(matrix: sp.csr_matrix, call: str) -> None:
    model = FactorModel(np.ones((4, 8), dtype=np.float32), 1.0, 1.0, 1.0)
    with pytest.raises(DataError, match="the user-item matrix is malformed"):
        getattr(ALS_8 if call == "fit" else model, call)(matrix)


@pytest.mark.parametrize("call", ["fit", "fold_in"])
@pytest.mark.parametrize(
    "matrix",
    [
        np.ones((2, 4)),
        [[1.0]],
        None,
        sp.csr_matrix(np.ones((2, 4)) * 1j),
        sp.coo_array(np.ones(4)),
    ],
)
def test_what_is_no_sparse_matrix_is_refused(matrix: Any, call: str) -> None:
    model = FactorModel(np.ones((4, 8), dtype=np.float32), 1.0, 1.0, 1.0)
    with pytest.raises(DataError, match="needs a SciPy sparse matrix of users x items"):
        getattr(ALS_8 if call == "fit" else model, call)(matrix)


def test_values_beyond_float32_are_refused(user_items: sp.csr_matrix) -> None:
    huge = user_items.astype(np.float64)
    huge.data[0] = 1e300
    with pytest.raises(DataError, match="negative or non-finite"):
        ALS_8.fit(huge)


@pytest.mark.parametrize("native_too", [True, False])
@pytest.mark.parametrize(
    ("items", "values"),
    [
        (np.array([24], dtype=np.int32), np.ones(1, dtype=np.float32)),
        (np.array([-1], dtype=np.int32), np.ones(1, dtype=np.float32)),
        (np.array([3, -(2**31)], dtype=np.int32), np.ones(2, dtype=np.float32)),
        (np.array([2**32], dtype=np.int64), np.ones(1, dtype=np.float32)),
        (np.array([2**63], dtype=np.uint64), np.ones(1, dtype=np.float32)),
        (np.array([1.5]), np.ones(1, dtype=np.float32)),
        (np.array([1, 2], dtype=np.int32), np.ones(1, dtype=np.float32)),
        (np.array([[1, 2]], dtype=np.int32), np.ones((1, 2), dtype=np.float32)),
    ],
)
def test_a_history_that_is_none_is_refused(
    user_items: sp.csr_matrix, monkeypatch: pytest.MonkeyPatch, items: Any, values: Any, native_too: bool
) -> None:
    model = replace(ALS_8, epochs=1).fit(user_items)
    if not native_too:
        monkeypatch.setattr("recommender.kernels.native", None)
    for call in (model.fold_in_one, model.normal_equations):
        with pytest.raises(DataError, match="a history "):
            call(items, values)


def test_histories_of_any_number_type_and_none_at_all(user_items: sp.csr_matrix) -> None:
    model = ALS_8.fit(user_items)
    items, values = np.array([1, 4, 23], dtype=np.int32), np.array([1.0, 2.5, 0.5], dtype=np.float32)
    one = model.fold_in_one(items, values)
    assert model.fold_in_one(items.astype(np.int64), values.astype(np.float64)).tobytes() == one.tobytes()
    strided = np.repeat(items, 2)[::2]
    assert model.fold_in_one(strided, np.repeat(values, 2)[::2]).tobytes() == one.tobytes()
    assert not model.fold_in_one(items[:0], values[:0]).any()


def test_a_matrix_of_other_columns_is_refused(user_items: sp.csr_matrix) -> None:
    model = replace(ALS_8, epochs=1).fit(user_items)
    for columns in (23, 25):
        with pytest.raises(DataError, match=rf"fold_in: a matrix of shape \(2, {columns}\) for a model of 24 items"):
            model.fold_in(sp.csr_matrix((2, columns), dtype=np.float32))


def test_factors_that_are_memory_mapped_or_views_fold_in_alike(user_items: sp.csr_matrix, tmp_path: Any) -> None:
    als = replace(ALS_8, factors=16)
    model = als.fit(user_items)
    np.save(tmp_path / "item_factors.npy", model.item_factors)
    mapped = np.load(tmp_path / "item_factors.npy", mmap_mode="r")
    expected = model.fold_in(user_items)
    for factors in (mapped, np.repeat(model.item_factors, 2, axis=0)[::2], np.asfortranarray(model.item_factors)):
        found = replace(model, item_factors=factors).fold_in(user_items)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 0.1])
def test_divergence_names_the_epoch(user_items: sp.csr_matrix, exponent: float) -> None:
    huge = user_items.copy()
    huge.data[::7] = 1e38
    with pytest.raises(ConfigError, match=r"ALS diverged in epoch \d+: raise models\.als\.regularization"):
        replace(ALS_8, solver="native", alpha=1.0, regularization_exponent=exponent).fit(huge)


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_a_regularization_that_crushes_all_factors_is_no_divergence(user_items: sp.csr_matrix, exponent: float) -> None:
    als = replace(ALS_8, regularization=1e6, epochs=100, regularization_exponent=exponent)
    assert np.abs(als.fit(user_items).item_factors).max() < 1e-6


@needs_native
@pytest.mark.parametrize("exponent", [0.0, 0.5])
def test_a_regularization_of_next_to_nothing_works_with_more_factors_than_items(exponent: float) -> None:
    ones = sp.csr_matrix(np.ones((6, 4), dtype=np.float32))
    als = ALS(factors=32, regularization=1e-5, regularization_exponent=exponent, epochs=30, steps=10, threads=1)
    model = als.fit(ones)
    np.testing.assert_allclose(model.fold_in(ones) @ model.item_factors.T, 1, atol=0.05)


def test_threads_are_those_of_the_environment_unless_given(
    user_items: sp.csr_matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    name = "native" if has_native() else "implicit"
    module = f"recommender.models.als_{name}.factorise"
    stop = RuntimeError("enough")

    def factorise(*arguments: Any, **options: Any) -> None:
        taken.append(options.get("threads") or arguments[2].threads)
        raise stop

    monkeypatch.setattr(module, factorise)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    for als in (replace(ALS_8, threads=None), replace(ALS_8, threads=5)):
        with pytest.raises(RuntimeError, match="enough"):
            als.fit(user_items)
    assert taken == [3, 5]


@pytest.mark.parametrize(
    "name", ["factors", "epochs", "steps", "threads", "regularization", "alpha", "unobserved_weight"]
)
@pytest.mark.parametrize("value", [0, -1])
def test_options_that_make_no_sense_are_refused(name: str, value: int) -> None:
    with pytest.raises(ConfigError, match=f"ALS: {name} = {value}, needs"):
        replace(ALS_8, **{name: value})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ConfigError, match=r"ALS: regularization = .*, needs a finite number above 0"):
        replace(ALS_8, regularization=value)


@needs_native
def test_what_the_callback_says_ends_the_training(user_items: sp.csr_matrix) -> None:
    confidences = confidences_of(user_items, ALS_8)
    settings = als_native.Settings(
        unobserved_weight=0.5,
        user_regularizations=np.full(60, 2.0),
        item_regularizations=np.full(24, 2.0),
        steps=2,
        epochs=50,
        threads=1,
    )
    epochs: list[int] = []

    def after_epoch(epoch: int, loss: Callable[[], float]) -> bool:
        epochs.append(epoch)
        return epoch == 3

    start = np.random.default_rng(0).normal(0, 0.1, (24, 8)).astype(np.float32)
    als_native.factorise(confidences, start, settings, after_epoch)
    assert epochs == [1, 2, 3]


def test_importing_the_estimator_is_light_and_importing_the_package_lighter() -> None:
    script = (
        "import sys, recommender;"
        "print(sorted({'numpy', 'scipy', 'pandas', 'implicit', 'faiss', 'recommender.models'} & set(sys.modules)));"
        "from recommender import ALS;"
        "print(ALS.__module__, sorted({'pandas', 'implicit', 'faiss'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert run.stdout.splitlines() == ["[]", "recommender.models.als []"]


@needs_native
def test_solver_names_say_which_processor() -> None:
    from recommender.kernels import solver_name

    assert solver_name("implicit") == "implicit"
    assert solver_name("native") == f"native ({native.processors()[0]})"


@needs_native
def test_the_first_fit_of_a_process_holds_every_blas_to_one_thread() -> None:
    """SciPy's BLAS, which the kernels call, is loaded before threads are limited: later the limit is lost on it."""
    script = """
import numpy as np, scipy.sparse as sp
from threadpoolctl import threadpool_info
from recommender import ALS
pools = set()
note = lambda *_: pools.update(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
ALS(factors=16, epochs=1, threads=2, solver="native").fit(sp.eye_array(40, format="csr"), progress=note)
print(pools)
"""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "{1}\n"
