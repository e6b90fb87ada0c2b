from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.models.als import ALS
from recommender.models.als_weights import weights_of


def test_by_hand() -> None:
    # 4 of 3 x 2 pairs; the row and the column without any don't count
    values = sp.csr_matrix(np.array([[1, 0, 3], [0, 0, 0], [1, 0, 0], [0, 0, 3]], dtype=np.float32))
    regularization, unobserved_weight = weights_of(values, alpha=2.0, exponent=0.0)
    assert unobserved_weight == pytest.approx(20 * 4 / 6 * 2 * np.sqrt(5))
    assert regularization == pytest.approx(5 * np.sqrt(4 / 6) * np.sqrt(2) * 2 * 2)


def test_an_exponent_leaves_a_row_of_mean_confidence_its_regularization() -> None:
    values = sp.csr_matrix(np.eye(6, dtype=np.float32) + np.eye(6, k=1, dtype=np.float32))
    constant, w = weights_of(values, alpha=1.0, exponent=0.0)
    per_row = (11 + 36 * w) / 6
    assert weights_of(values, alpha=1.0, exponent=0.5) == pytest.approx((constant / np.sqrt(per_row), w))


def test_nothing_observed() -> None:
    assert weights_of(sp.csr_matrix((3, 5), dtype=np.float32), alpha=1.0, exponent=1.0) == (1, 1)


@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_the_unit_of_the_values_plays_no_part(user_items: sp.csr_matrix, exponent: float) -> None:
    als = ALS(factors=8, regularization_exponent=exponent, threads=1)
    scores = []
    for unit in (1, 100):
        in_units = user_items * np.float32(unit)
        model = als.fit(in_units)
        scores.append(model.fold_in(in_units) @ model.item_factors.T)
    np.testing.assert_allclose(scores[0], scores[1], atol=2e-3)


def test_what_is_named_stays(user_items: sp.csr_matrix) -> None:
    taken = ALS(factors=8, epochs=1, threads=1).fit(user_items)
    named = ALS(factors=8, epochs=1, threads=1, regularization=3.0).fit(user_items)
    assert (named.regularization, named.unobserved_weight) == (3.0, taken.unobserved_weight)
    assert taken.regularization != 3.0
    both = ALS(factors=8, epochs=1, threads=1, regularization=3.0, unobserved_weight=0.5).fit(user_items)
    assert (both.regularization, both.unobserved_weight) == (3.0, 0.5)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_users_and_items_without_values_play_no_part(user_items: sp.csr_matrix, exponent: float) -> None:
    """Ids that only a test side knows must not reach what is fitted without it."""
    wider = sp.csr_matrix((user_items.data, user_items.indices, user_items.indptr), shape=user_items.shape)
    wider.resize((user_items.shape[0] + 50, user_items.shape[1] + 70))
    assert weights_of(wider, 1.0, exponent) == weights_of(user_items, 1.0, exponent)
