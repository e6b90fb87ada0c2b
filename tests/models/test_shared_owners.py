"""Owners that items share, counted by the kernel and by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.kernels import has_native, native
from recommender.models import shared_owners as module
from recommender.models.shared_owners import Owners


@pytest.fixture(params=["native", "scipy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "scipy":
        monkeypatch.setattr(module, "has_native", lambda: False)
    elif not has_native():
        pytest.skip("the native kernels are not built")
    return str(request.param)


def test_by_hand(way: str) -> None:
    """Anna has 2 A, 1 B; Bert has 1 A, 3 B, 1 C. Anna weighs 1, Bert 0.5."""
    owners = Owners.of(sp.csr_array(np.array([[2.0, 1, 0], [1, 3, 1]], dtype=np.float32)), np.array([1.0, 0.5]))
    found = owners.pairs(0, 2, least=1)
    assert found.keys.tolist() == [1, 2, 3, 5]  # A-B, A-C; B-A, B-C
    assert found.counts.tolist() == [2, 1, 2, 1]
    assert found.weights.tolist() == [2 + 1.5, 0.5, 3.5, 1.5]
    assert owners.pairs(0, 3, least=2).keys.tolist() == [1, 3]
    counts, weights = owners.at(1, 3, np.array([0, 1, 5]))  # B-A, B-B, C-C
    assert counts.tolist() == [2, 2, 1]
    assert weights.tolist() == [3.5, 1 + 4.5, 0.5]


def test_as_dense_products(way: str) -> None:
    rng = np.random.default_rng(3)
    values = sp.random_array((40, 25), density=0.2, rng=rng, dtype=np.float32).tocsr()
    weights = rng.random(40)
    owners = Owners.of(values, weights)
    dense = values.toarray().astype(np.float64)
    counts, sums = (dense > 0).T.astype(int) @ (dense > 0), dense.T @ (dense * weights[:, None])
    for start, end in ((0, 25), (7, 8), (9, 9), (10, 20)):
        found = owners.pairs(start, end, least=2)
        row, item = np.divmod(found.keys, 25)
        enough = (counts[start:end] >= 2) & (np.arange(start, end)[:, None] != np.arange(25))
        np.testing.assert_array_equal(found.keys, np.flatnonzero(enough))
        np.testing.assert_array_equal(found.counts, counts[row + start, item])
        np.testing.assert_allclose(found.weights, sums[row + start, item])
        every = np.arange((end - start) * 25)
        at_counts, at_weights = owners.at(start, end, every)
        np.testing.assert_array_equal(at_counts, counts[start:end].ravel())
        np.testing.assert_allclose(at_weights, sums[start:end].ravel())


GIVEN: dict[str, Any] = {
    "item_indptr": np.array([0, 1, 2]),
    "owners": np.array([0, 0], dtype=np.int32),
    "by_item": np.ones(2),
    "owner_indptr": np.array([0, 2]),
    "items": np.array([0, 1], dtype=np.int32),
    "by_owner": np.ones(2),
}


@pytest.mark.skipif(not has_native(), reason="the native kernels are not built")
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"owners": np.array([0, 9], dtype=np.int32)}, IndexError, "owner has no row"),
        ({"items": np.array([0, -1], dtype=np.int32)}, IndexError, "item has no row"),
        ({"item_indptr": np.array([0, 3, 2])}, ValueError, "indptr must rise"),
        ({"by_owner": np.ones(1)}, ValueError, "a value for each index"),
    ],
)
def test_the_kernel_refuses_what_it_would_read_past(change: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        native.SharedItems(**GIVEN | change)


@pytest.mark.skipif(not has_native(), reason="the native kernels are not built")
def test_the_kernel_refuses_rows_that_are_not_there() -> None:
    shared = native.SharedItems(**GIVEN)
    none, one = np.zeros(0, dtype=np.int32), np.array([2], dtype=np.int32)
    with pytest.raises(ValueError, match="rows in order"):
        shared.with_least(0, 3, 1)
    with pytest.raises(ValueError, match="least must be above 0"):
        shared.with_least(0, 2, 0)
    with pytest.raises(ValueError, match="more rows than items"):
        shared.at(1, np.array([0, 0, 0]), none)
    with pytest.raises(IndexError, match="item has no row"):
        shared.at(0, np.array([0, 1]), one)
