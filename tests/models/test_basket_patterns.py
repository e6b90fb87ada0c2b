"""The patterns beside what dense linear algebra says, and what they must not tell."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommender.models import basket_patterns
from recommender.models.basket_patterns import BasketPatterns, dots, fit_basket_patterns

N_ITEMS, N_BASKETS = 60, 400


@pytest.fixture
def every_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many patterns as items, nearly exact ones."""
    monkeypatch.setattr(basket_patterns, "ITEMS_PER_PATTERN", 1)
    monkeypatch.setattr(basket_patterns, "PASSES", 60)


def shop(seed: int = 0) -> tuple[sp.csr_array, np.ndarray]:
    """Baskets of six departments of ten items, and weights."""
    rng = np.random.default_rng(seed)
    own = rng.integers(6, size=N_BASKETS)
    chance = np.where(np.arange(N_ITEMS) // 10 == own[:, None], 0.3, 0.02)
    return sp.csr_array((rng.random((N_BASKETS, N_ITEMS)) < chance).astype(np.float32)), rng.uniform(0.2, 1, N_BASKETS)


def fit(by_basket: sp.csr_array, weights: np.ndarray, most: int = 256, least_weight: float = 0.0) -> BasketPatterns:
    n_items = by_basket.shape[1]
    start = np.zeros((n_items, 1), dtype=np.float32)
    return fit_basket_patterns(
        by_basket, weights, np.ones(n_items, dtype=bool), start, most=most, least_weight=least_weight
    )


def all_pairs(patterns: BasketPatterns) -> np.ndarray:
    n_items = len(patterns.scale)
    first, second = np.divmod(np.arange(n_items**2), n_items)
    return patterns.of_pairs(first, second)[0].reshape(n_items, n_items)


@pytest.mark.usefixtures("every_direction")
def test_two_items_by_hand() -> None:
    # ten baskets of weight 1 with both, five of weight 2 with the first alone: masses 20 and 10, of which 10 are shared
    by_basket = sp.csr_array(np.array([[1, 1]] * 10 + [[1, 0]] * 5, dtype=np.float32))
    patterns = fit(by_basket, np.array([1.0] * 10 + [2.0] * 5))
    # off the diagonal 10 / sqrt(25 * 15): eigenvalues +-that, the negative one is left out, which leaves half
    assert patterns.vectors.shape == (2, 1)
    share, _ = patterns.of_pairs(np.array([0, 1]), np.array([1, 0]))
    assert share == pytest.approx([10 / 25 / 2, 10 / 15 / 2], rel=1e-5)


@pytest.mark.usefixtures("every_direction")
def test_leading_patterns_are_the_leading_eigenvectors() -> None:
    by_basket, weights = shop()
    dense = by_basket.toarray()
    shared = dense.T @ (weights[:, None] * dense)
    mass = np.diag(shared) + basket_patterns.SHRINKAGE
    normal = (shared - np.diag(np.diag(shared))) / np.sqrt(np.outer(mass, mass))
    values, vectors = np.linalg.eigh(normal)
    leading = vectors[:, -6:] * values[-6:] @ vectors[:, -6:].T * np.sqrt(mass[None] / mass[:, None])
    np.testing.assert_allclose(all_pairs(fit(by_basket, weights, most=6)), np.maximum(leading, 0), atol=2e-4)


def test_a_few_passes_find_the_departments() -> None:
    by_basket, weights = shop()
    patterns = fit(by_basket, weights)
    assert patterns.vectors.shape[1] == N_ITEMS // basket_patterns.ITEMS_PER_PATTERN
    many = sp.hstack([by_basket, *(shop(seed)[0] for seed in range(1, 4))]).tocsr()
    share = all_pairs(fit(many, weights))
    department = np.arange(4 * N_ITEMS) // 10
    same = department[:, None] == department
    assert share[same].mean() > 2 * share[~same].mean()


@pytest.mark.usefixtures("every_direction")
def test_what_too_few_customers_make_by_themselves_is_no_pattern() -> None:
    by_basket, weights = shop()
    # four baskets hold two items that nobody else bought
    few = sp.csr_array(np.array([[1, 1]] * 4, dtype=np.float32))
    both = sp.csr_array(sp.block_diag([by_basket, few]))
    heavier = np.concatenate([weights, np.full(4, 0.5)])
    pair = np.array([N_ITEMS]), np.array([N_ITEMS + 1])
    assert fit(both, heavier).of_pairs(*pair)[0] > 0.01
    left = fit(both, heavier, least_weight=5 * 0.5)
    assert left.of_pairs(*pair)[0] == pytest.approx(0, abs=1e-6)
    assert all_pairs(left).max() > 0.01


def test_small_shops_and_unknown_items_have_none() -> None:
    by_basket, weights = shop()
    few = fit(by_basket[:, : basket_patterns.ITEMS_PER_PATTERN - 1], weights)
    assert (few.vectors.shape[1], few.known.any()) == (0, False)
    share, cosine = few.of_pairs(np.array([0]), np.array([1]))
    assert (share.tolist(), cosine.tolist()) == ([0], [0])
    known = np.arange(N_ITEMS) < 40
    start = np.zeros((N_ITEMS, 1), dtype=np.float32)
    some = fit_basket_patterns(by_basket, weights, known, start, most=256, least_weight=0)
    np.testing.assert_array_equal(some.known, known)


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    by_basket, weights = shop()
    whole = fit(by_basket, weights)
    monkeypatch.setattr(basket_patterns, "BASKETS_AT_ONCE", 7)
    monkeypatch.setattr(basket_patterns, "PATTERNS_AT_ONCE", 2)
    np.testing.assert_allclose(all_pairs(fit(by_basket, weights)), all_pairs(whole), atol=1e-5)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    alone = fit(by_basket, weights)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    np.testing.assert_array_equal(fit(by_basket, weights).vectors, alone.vectors)


def test_a_sample_of_many_baskets_weighs_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    by_basket, weights = shop()
    whole = all_pairs(fit(by_basket, weights))
    monkeypatch.setattr(basket_patterns, "MOST_BASKETS", 200)
    sampled = all_pairs(fit(by_basket, weights))
    assert not np.array_equal(sampled, whole)
    assert sampled.sum() == pytest.approx(whole.sum(), rel=0.1)


def test_the_cosine_leaves_out_how_often_an_item_is_bought() -> None:
    vectors = np.array([[9, 1, 0], [1, 2, 0], [5, 0, 3]], dtype=np.float32)
    patterns = BasketPatterns(vectors, np.ones(3, dtype=np.float32))
    _, cosine = patterns.of_pairs(np.array([0, 0, 1]), np.array([1, 2, 2]))
    assert cosine == pytest.approx([1, 0, 0], abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_dots_are_those_of_the_rows(pairs: list[tuple[int, int]]) -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    np.testing.assert_allclose(dots(vectors, first, second), (vectors[first] * vectors[second]).sum(axis=1), atol=1e-5)
