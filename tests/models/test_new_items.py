from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recommender.models import ALS, FactorModel, fold_in_items, mean_of_alike


def fitted(rng: np.random.Generator) -> tuple[sp.csr_matrix, FactorModel]:
    """Two tastes: users of even numbers have even items, and item 10, which the model was not shown."""
    rows = [(user, item) for user in range(60) for item in range(user % 2, 10, 2) if rng.random() < 0.8]
    rows += [(user, 10) for user in range(0, 30, 2)]
    user, item = np.array(rows).T
    shown = sp.csr_matrix((np.ones(len(rows)), (user, item)), shape=(60, 11), dtype=np.float32)
    hidden = shown.copy()
    hidden.data[hidden.indices == 10] = 0
    hidden.eliminate_zeros()
    return shown, ALS(factors=4, epochs=10, regularization=0.1, unobserved_weight=0.1).fit(hidden)


def test_a_new_item_finds_its_users_and_the_others_keep_their_scores() -> None:
    shown, model = fitted(np.random.default_rng(0))
    found = fold_in_items(model, shown, np.array([10]), np.zeros((1, 4), np.float32), np.ones(1))
    scores = found.fold_in(shown) @ found.item_factors.T
    assert scores[::2, 10].mean() > 0.4
    assert abs(scores[1::2, 10]).mean() < 0.1
    before = model.fold_in(shown) @ model.item_factors[:10].T
    without = sp.csr_matrix(shown.multiply(np.arange(11) < 10), dtype=np.float32)
    after = found.fold_in(without) @ found.item_factors[:10].T
    np.testing.assert_allclose(after, before, atol=0.15)  # one more item nobody of them has not met
    gram = found.item_factors.T @ found.item_factors
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-4)


def test_it_is_the_half_step_of_training_where_all_could_have_met_it() -> None:
    shown, model = fitted(np.random.default_rng(1))
    found = fold_in_items(model, shown, np.array([10]), np.zeros((1, 4), np.float32), np.ones(1))
    X = model.fold_in(shown).astype(float)
    p = np.asarray(shown[:, [10]].todense())[:, 0]
    c = model.unobserved_weight + model.alpha * p
    by_hand = np.linalg.solve((X * c[:, None]).T @ X + model.regularization * np.eye(4), (X * c[:, None]).T @ (p > 0))
    np.testing.assert_allclose(np.linalg.norm(found.item_factors[10]), np.linalg.norm(by_hand), rtol=1e-4)
    np.testing.assert_allclose(
        found.item_factors[10] @ found.item_factors[0], by_hand @ model.item_factors[0], rtol=1e-3
    )


def test_an_item_that_nobody_met_has_the_factors_of_its_like() -> None:
    shown, model = fitted(np.random.default_rng(2))
    shown.data[shown.indices == 10] = 0
    shown.eliminate_zeros()
    kind = np.array([0, 1] * 5 + [1], dtype=np.int32)
    prior = mean_of_alike(model.item_factors, np.array([10]), [kind])
    np.testing.assert_allclose(prior[0], model.item_factors[1:10:2].mean(axis=0), rtol=1e-5)
    found = fold_in_items(model, shown, np.array([10]), prior, np.zeros(1))
    np.testing.assert_allclose(
        found.item_factors[10] @ found.item_factors[1], prior[0] @ model.item_factors[1], rtol=1e-4
    )


def test_the_first_trait_that_an_item_with_factors_shares_decides() -> None:
    factors = np.array([[1, 0], [3, 0], [0, 5], [0, 0], [0, 0], [0, 0]], dtype=np.float32)
    brand = np.array([7, 7, 2, 3, 2, -1], dtype=np.int32)
    kind = np.array([0, 0, 0, 0, 0, -1], dtype=np.int32)
    found = mean_of_alike(factors, np.array([3, 4, 5]), [brand, kind])
    np.testing.assert_allclose(found, [[4 / 3, 5 / 3], [0, 5], [0, 0]], rtol=1e-6)
    assert fold_in_items(FactorModel(factors, 1, 1, 1), sp.csr_matrix((0, 6)), np.zeros(0, int), found, found[:, 0])
