"""Item neighbours by hand, against a dense product, and where the data is odd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.errors import DataError
from recommender.kernels import has_native, native
from recommender.models import ItemKNN
from recommender.models import item_knn as module


@pytest.fixture(params=["native", "scipy"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "scipy":
        monkeypatch.setattr(module, "has_native", lambda: False)
    elif not has_native():
        pytest.skip("the native kernels are not built here")


def matrix(rows: list[list[float]]) -> sp.csr_matrix:
    return sp.csr_matrix(np.array(rows, dtype=np.float32))


def test_cosine_by_hand() -> None:
    # items 0 and 1 share users 0 and 1; item 2 has user 2 only
    model = ItemKNN(user_exponent=0, item_exponent=0.5).fit(matrix([[1, 1, 0], [1, 1, 0], [1, 0, 1]]))
    neighbours, scores, support = model.row(0)
    assert neighbours.tolist() == [1, 2]
    np.testing.assert_allclose(scores, [2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)], rtol=1e-6)
    assert support.tolist() == [2, 1]


def test_a_user_of_many_items_says_less() -> None:
    users = matrix([[1, 1, 0, 0, 0], [1, 0, 1, 1, 1]])
    neighbours, scores, _ = ItemKNN(user_exponent=1, item_exponent=0).fit(users).row(0)
    assert neighbours[0] == 1
    np.testing.assert_allclose(scores, [1 / 2, 1 / 4, 1 / 4, 1 / 4])


def test_shrinkage_halves_where_as_many_users_are_shared() -> None:
    users = matrix([[1, 1], [1, 1], [1, 1]])
    plain, shrunk = (ItemKNN(shrinkage=shrinkage).fit(users).row(0)[1][0] for shrinkage in (0, 3))
    assert shrunk == pytest.approx(plain / 2)


def test_a_smaller_item_exponent_favours_what_many_have() -> None:
    # item 1 is had by all, item 2 by one who also has item 0
    users = matrix([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]])
    best = [int(ItemKNN(item_exponent=exponent).fit(users).row(0)[0][0]) for exponent in (0.0, 1.0)]
    assert best == [1, 2]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 25), st.integers(1, 25)),
    user_exponent=st.floats(0, 1),
    item_exponent=st.floats(0, 1),
    neighbours=st.integers(1, 8),
    shrinkage=st.sampled_from([0.0, 2.5]),
)
def test_it_is_the_dense_formula(
    seed: int,
    shape: tuple[int, int],
    user_exponent: float,
    item_exponent: float,
    neighbours: int,
    shrinkage: float,
) -> None:
    rng = np.random.default_rng(seed)
    users = sp.random(*shape, density=0.3, format="csr", random_state=rng, dtype=np.float32)
    X = users.toarray().astype(np.float64)
    d_user, d_item = (np.maximum(X.sum(axis=axis), 1e-30) for axis in (1, 0))
    shared = (X > 0).T.astype(float) @ (X > 0)
    similar = X.T @ (X / d_user[:, None] ** user_exponent) / np.outer(d_item, d_item) ** item_exponent
    similar *= shared / np.maximum(shared + shrinkage, 1e-30)
    np.fill_diagonal(similar, 0)
    model = ItemKNN(user_exponent, item_exponent, neighbours, shrinkage).fit(users)
    for item in range(shape[1]):
        found, scores, support = model.row(item)
        expected = np.sort(similar[item][similar[item] > 0])[::-1][:neighbours]
        np.testing.assert_allclose(scores, expected, rtol=1e-4)
        np.testing.assert_allclose(similar[item, found], expected, rtol=1e-4)
        assert support.tolist() == shared[item, found].astype(int).tolist()
        assert item not in found


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    users = sp.random(60, 40, density=0.2, format="csr", random_state=1, dtype=np.float32)
    whole = ItemKNN(neighbours=5).fit(users)
    monkeypatch.setattr(module, "PAIRS_PER_BLOCK", 50)
    monkeypatch.setattr(module, "PAIRS_PER_CALL", 50)
    seen: list[int] = []
    parts = ItemKNN(neighbours=5).fit(users, progress=lambda _, done, __: seen.append(done))
    assert len(seen) > 3
    assert seen[-1] == 40
    for name in ("indptr", "neighbours", "scores", "support"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 3)])
def test_nothing_observed_gives_no_neighbours(shape: tuple[int, int]) -> None:
    model = ItemKNN().fit(sp.csr_matrix(shape, dtype=np.float32))
    assert model.indptr.tolist() == [0] * (shape[1] + 1)


def test_old_events_that_are_worth_next_to_nothing_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    users = sp.random(60, 30, density=0.3, format="csr", random_state=0, dtype=np.float32)
    users.data = (0.5 ** rng.uniform(0, 146, users.nnz)).astype(np.float32)  # two years at a half-life of five days
    model = ItemKNN().fit(users)
    assert np.isfinite(model.scores).all()
    assert (model.support > 0).all()


def test_bad_values_are_refused() -> None:
    with pytest.raises(DataError, match="negative"):
        ItemKNN().fit(matrix([[1, -1]]))


def test_scores_of_a_history_add_up() -> None:
    model = ItemKNN(user_exponent=0, item_exponent=0).fit(matrix([[1, 1, 1], [1, 1, 0]]))
    sums, above_0 = model.summed(np.array([0, 1], dtype=np.int32), np.array([1.0, 0.5], dtype=np.float32))
    np.testing.assert_allclose(sums, [0.5 * 2, 1.0 * 2, 1.0 * 1 + 0.5 * 1])
    assert above_0.tolist() == [0, 1, 2]
    sums, above_0 = model.summed(np.array([0, 1], dtype=np.int32), np.array([1.0, -1.0], dtype=np.float32))
    np.testing.assert_allclose(sums, [-2, 2, 0])
    assert above_0.tolist() == [1]
    assert [found.tolist() for found in model.summed(above_0[:0], sums[:0])] == [[0, 0, 0], []]


def test_the_native_search_is_that_of_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    users = sp.random(300, 90, density=0.1, format="csr", random_state=2, dtype=np.float32)
    estimator = ItemKNN(0.6, 0.4, neighbours=20, shrinkage=1.5)
    here = estimator.fit(users)
    monkeypatch.setattr(module, "has_native", lambda: False)
    there = estimator.fit(users)
    for name in ("indptr", "neighbours", "support"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))
    np.testing.assert_allclose(here.scores, there.scores, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"users": np.array([0, 9], dtype=np.int32)}, IndexError, "user has no row"),
        ({"items": np.array([0, -1], dtype=np.int32)}, IndexError, "item has no row"),
        ({"item_indptr": np.array([0, 1, 3])}, ValueError, "indptr must rise"),
        ({"by_user": np.ones(1, dtype=np.float32)}, ValueError, "a value for each index"),
        ({"item_weights": np.ones(3)}, ValueError, "a weight for each item"),
        ({"user_weights": np.ones(3)}, ValueError, "a weight for each user"),
        ({"most": 0}, ValueError, "most must be above 0"),
        ({"end": 3}, ValueError, "rows in order"),
    ],
)
def test_the_native_search_refuses_what_it_would_read_past(
    change: dict[str, Any], error: type[Exception], said: str
) -> None:
    given: dict[str, Any] = {
        "item_indptr": np.array([0, 1, 2]),
        "users": np.array([0, 0], dtype=np.int32),
        "by_item": np.ones(2, dtype=np.float32),
        "user_indptr": np.array([0, 2]),
        "items": np.array([0, 1], dtype=np.int32),
        "by_user": np.ones(2, dtype=np.float32),
        "item_weights": np.ones(2),
        "user_weights": np.ones(1),
        "shrinkage": 0.0,
        "most": 5,
        "begin": 0,
        "end": 2,
        "threads": 1,
    }
    if has_native():
        assert [part.tolist() for part in native.nearest_by_users(**given)] == [[1, 1], [1, 0], [1, 1], [1, 1]]
        with pytest.raises(error, match=said):
            native.nearest_by_users(**given | change)
