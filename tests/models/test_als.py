from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from recommender.errors import ConfigError, DataError
from recommender.models import ALS, FactorModel, factor_model

Matrix = NDArray[np.float64]

ALS_8 = ALS(factors=8, regularization=2.0, alpha=3.0, unobserved_weight=0.5, epochs=15, steps=8, threads=1, seed=1)


def loss(X: Matrix, Y: Matrix, R: Matrix, als: ALS) -> float:
    """The objective that ALS documents, pair by pair."""
    observed = R > 0
    confidence = als.unobserved_weight + als.alpha * R
    error = confidence * (observed - X @ Y.T) ** 2
    return float(error.sum() + als.regularization * ((X**2).sum() + (Y**2).sum()))


def factors(model: FactorModel, user_items: sp.csr_matrix) -> tuple[Matrix, Matrix]:
    return model.fold_in(user_items).astype(np.float64), model.item_factors.astype(np.float64)


def test_fold_in_solves_the_users_normal_equations(user_items: sp.csr_matrix) -> None:
    model = ALS_8.fit(user_items)
    Y = model.item_factors.astype(np.float64)
    for user in range(user_items.shape[0]):
        r = user_items[[user]].toarray()[0].astype(np.float64)
        C = np.diag(ALS_8.unobserved_weight + ALS_8.alpha * r)
        x = np.linalg.solve(Y.T @ C @ Y + ALS_8.regularization * np.eye(8), Y.T @ C @ (r > 0))
        history = user_items[[user]]
        np.testing.assert_allclose(model.fold_in_one(history.indices, history.data), x, rtol=1e-4, atol=1e-6)


def test_fold_in_by_hand() -> None:
    # one factor, y = (2, 1), r_0 = 3: x (w0 (4 + 1) + lambda + alpha r 4) = (w0 + alpha r) 2, so 30.5 x = 13
    model = FactorModel(np.array([[2], [1]], dtype=np.float32), regularization=4, alpha=2, unobserved_weight=0.5)
    x = model.fold_in_one(np.array([0], dtype=np.int32), np.array([3], dtype=np.float32))
    assert x.tolist() == pytest.approx([13 / 30.5])


def test_trained_factors_minimise_the_documented_objective(user_items: sp.csr_matrix) -> None:
    als = replace(ALS_8, epochs=60)
    X, Y = factors(als.fit(user_items), user_items)
    R = user_items.toarray().astype(np.float64)
    best = loss(X, Y, R, als)
    rng = np.random.default_rng(0)
    for scale in (1e-2, 1e-1):
        for _ in range(20):
            step_x, step_y = rng.normal(0, scale, X.shape), rng.normal(0, scale, Y.shape)
            assert loss(X + step_x, Y, R, als) > best
            assert loss(X, Y + step_y, R, als) > best
    C = als.unobserved_weight + als.alpha * R
    gradient = -2 * (C * ((R > 0) - X @ Y.T)).T @ X + 2 * als.regularization * Y
    scale = np.abs(2 * als.regularization * Y).max()
    assert np.abs(gradient).max() < 0.01 * scale


def test_loss_falls_with_epochs(user_items: sp.csr_matrix) -> None:
    R = user_items.toarray().astype(np.float64)
    losses = []
    for epochs in (1, 2, 4, 8, 16, 32):
        als = replace(ALS_8, epochs=epochs)
        losses.append(loss(*factors(als.fit(user_items), user_items), R, als))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.8 * losses[0]


def test_equals_implicit_with_its_own_words(user_items: sp.csr_matrix) -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    als = replace(ALS_8, epochs=300, steps=32)
    # implicit: confidence of an observed pair is alpha * value, of any other 1; ours divided by the unobserved weight
    shifted = user_items.copy()
    shifted.data = user_items.data + np.float32(als.unobserved_weight / als.alpha)
    with threadpool_limits(limits=1, user_api="blas"):
        theirs = AlternatingLeastSquares(
            factors=8,
            regularization=als.regularization / als.unobserved_weight,
            alpha=als.alpha / als.unobserved_weight,
            iterations=als.epochs,
            num_threads=1,
            random_state=als.seed,
        )
        theirs.fit(shifted, show_progress=False)
    X, Y = factors(als.fit(user_items), user_items)
    np.testing.assert_allclose(X @ Y.T, theirs.user_factors @ theirs.item_factors.T, atol=1e-3)
    # and the half-step that trained is the half-step that folds in; factors are equal up to a rotation
    np.testing.assert_allclose(X @ X.T, theirs.user_factors @ theirs.user_factors.T, atol=5e-3)
    np.testing.assert_allclose(Y @ Y.T, theirs.item_factors @ theirs.item_factors.T, atol=5e-3)


def test_learns_the_taste_of_each_group(user_items: sp.csr_matrix) -> None:
    X, Y = factors(ALS_8.fit(user_items), user_items)
    same_group = np.arange(60)[:, None] % 3 == np.arange(24)[None, :] % 3
    unseen = user_items.toarray() == 0
    unseen[7], unseen[:, 5] = False, False
    scores = X @ Y.T
    assert scores[same_group & unseen].mean() > scores[~same_group & unseen].mean() + 0.2


@pytest.mark.parametrize("c", [0.25, 8.0])
def test_scaling_all_weights_changes_nothing(user_items: sp.csr_matrix, c: float) -> None:
    scaled = replace(
        ALS_8,
        regularization=ALS_8.regularization * c,
        alpha=ALS_8.alpha * c,
        unobserved_weight=ALS_8.unobserved_weight * c,
    )
    one, other = ALS_8.fit(user_items), scaled.fit(user_items)
    np.testing.assert_allclose(other.item_factors, one.item_factors, rtol=1e-3, atol=2e-4)
    np.testing.assert_allclose(other.fold_in(user_items), one.fold_in(user_items), rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("changed", ["regularization", "alpha", "unobserved_weight"])
def test_each_weight_alone_matters(user_items: sp.csr_matrix, changed: str) -> None:
    other = replace(ALS_8, **{changed: 4 * getattr(ALS_8, changed)}).fit(user_items)
    assert not np.allclose(other.item_factors, ALS_8.fit(user_items).item_factors, rtol=0.05)


def test_contributions_sum_to_the_scores(user_items: sp.csr_matrix) -> None:
    model = ALS_8.fit(user_items)
    for user in (0, 7, 30):
        history = user_items[[user]]
        parts = model.normal_equations(history.indices, history.data).contributions(model.item_factors)
        assert parts.shape == (24, history.nnz)
        scores = model.item_factors @ model.fold_in_one(history.indices, history.data)
        np.testing.assert_allclose(parts.sum(axis=1), scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n", [1, 3, 4, 9])
def test_contributions_of_short_and_long_histories_are_those_of_the_plain_formula(n: int) -> None:
    rng = np.random.default_rng(n)
    Y, others = rng.normal(size=(n, 4)), rng.normal(size=(6, 4))
    shared, c = rng.uniform(1, 2, 4), rng.uniform(2, 3, n)
    system = np.diag(shared) + sum((c[i] - 2) * np.outer(Y[i], Y[i]) for i in range(n))
    expected = others @ np.linalg.inv(system) @ (Y * c[:, None]).T
    found = factor_model.NormalEquations(shared, Y, c, c - 2).contributions(others)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("native_too", [True, False])
def test_scores_are_inner_products(native_too: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not native_too:
        monkeypatch.setattr("recommender.kernels.native", None)
    model = FactorModel(np.array([[1, 0, 2], [2, -1, 0]], dtype=np.float32), 3, 1, 2)
    items = np.array([1, 0, 1], dtype=np.int32)
    assert model.scores(np.array([1, 2, 3], dtype=np.float32), items).tolist() == [0, 7, 0]


def test_spectrum_in_blocks_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor_model, "ROWS_AT_ONCE", 2)
    item_factors = np.array([[1, 0], [2, -1], [1, 2], [0, 3]], dtype=np.float32)
    model = FactorModel(item_factors, regularization=3, alpha=1, unobserved_weight=2)
    assert model.spectrum.tolist() == [12, 28]  # twice 1 + 4 + 1 and 1 + 4 + 9


def test_a_contribution_is_what_the_score_loses_without_its_term() -> None:
    # one factor: both items have the same matrix 7, terms 2 and 4, so shares 1/3 and 2/3 of the score
    model = FactorModel(np.array([[1], [2]], dtype=np.float32), regularization=1, alpha=0, unobserved_weight=2)
    items, values = np.array([0, 1], dtype=np.int32), np.ones(2, dtype=np.float32)
    parts = model.normal_equations(items, values).contributions(model.item_factors[1:])
    assert parts[0].tolist() == pytest.approx([2 * 2 / 11, 4 * 2 / 11])


def test_items_nobody_has_and_empty_histories_are_zero(user_items: sp.csr_matrix) -> None:
    model = ALS_8.fit(user_items)
    assert np.flatnonzero(~model.item_factors.any(axis=1)).tolist() == [5]
    assert not model.fold_in(user_items)[7].any()
    assert not model.fold_in_one(np.array([5], dtype=np.int32), np.array([9], dtype=np.float32)).any()


def test_fold_in_of_many_rows_is_fold_in_of_each(user_items: sp.csr_matrix) -> None:
    model = ALS_8.fit(user_items)
    rows = [model.fold_in_one(row.indices, row.data) for row in (user_items[[user]] for user in range(60))]
    assert model.fold_in(user_items).tobytes() == np.array(rows).tobytes()
    assert model.fold_in(user_items[:0]).shape == (0, 8)


@pytest.mark.parametrize("shape", [(3, 2), (2, 40), (40, 2)])
def test_more_factors_than_users_or_items(shape: tuple[int, int]) -> None:
    ones = sp.csr_matrix(np.ones(shape, dtype=np.float32))
    als = ALS(factors=16, regularization=0.1, epochs=10, threads=1)
    X, Y = factors(als.fit(ones), ones)
    np.testing.assert_allclose(X @ Y.T, np.ones(shape), atol=0.1)


def test_an_empty_matrix_has_zero_factors() -> None:
    model = ALS(factors=4, epochs=2).fit(sp.csr_matrix((3, 5), dtype=np.float32))
    assert model.item_factors.shape == (5, 4)
    assert not model.item_factors.any()


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_refuses_values_that_are_no_confidence(user_items: sp.csr_matrix, bad: float) -> None:
    broken = user_items.copy()
    broken.data[3] = bad
    with pytest.raises(DataError, match="negative or non-finite"):
        ALS_8.fit(broken)


def test_says_so_when_it_diverges(user_items: sp.csr_matrix) -> None:
    huge = user_items.copy()
    huge.data[:] = 1e20
    with pytest.raises(ConfigError, match=r"models\.als\.regularization"):
        ALS_8.fit(huge)


def test_does_not_write_to_its_input(user_items: sp.csr_matrix) -> None:
    before = user_items.data.tobytes()
    ALS_8.fit(user_items)
    assert user_items.data.tobytes() == before


def test_same_seed_same_bytes_on_any_number_of_threads(user_items: sp.csr_matrix) -> None:
    one = ALS_8.fit(user_items).item_factors
    assert ALS_8.fit(user_items).item_factors.tobytes() == one.tobytes()
    assert replace(ALS_8, threads=2).fit(user_items).item_factors.tobytes() == one.tobytes()
    assert replace(ALS_8, seed=2).fit(user_items).item_factors.tobytes() != one.tobytes()


def test_blas_has_one_thread_while_fitting_and_progress_counts_epochs(user_items: sp.csr_matrix) -> None:
    seen: list[tuple[str, int, int | None]] = []
    threads: set[int] = set()

    def progress(stage: str, done: int, total: int | None) -> None:
        seen.append((stage, done, total))
        threads.update(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    with threadpool_limits(limits=2, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("error")  # implicit warns where BLAS is threaded
        replace(ALS_8, epochs=3).fit(user_items, progress=progress)
        after = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert threads == {1}
    assert after == {2}
    assert seen == [("fit als", 1, 3), ("fit als", 2, 3), ("fit als", 3, 3)]


def test_threads_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from recommender.models.threads import available_threads

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert available_threads() == 7
    for nonsense in ("", "0", "many", "2,1"):
        monkeypatch.setenv("OMP_NUM_THREADS", nonsense)
        monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1, 2})
        assert available_threads() == 3
