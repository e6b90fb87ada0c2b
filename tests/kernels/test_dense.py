"""Products of tall matrices against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.kernels import aligned_zeros, has_native, native, padded, padded_width
from recommender.models import als_native

pytestmark = pytest.mark.skipif(not has_native(), reason="the native kernels are not built")

ROWS = [0, 1, 2047, 2048, 2049, 20_000]
WIDTHS = [1, 16, 17, 64]


def tall(rows: int, width: int) -> np.ndarray:
    return np.random.default_rng(rows + width).normal(0, 1, (rows, width)).astype(np.float32)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("width", WIDTHS)
def test_gram(rows: int, width: int) -> None:
    factors = tall(rows, width)
    found = als_native._gram(factors, 1)
    exact = factors.astype(np.float64).T @ factors.astype(np.float64)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, exact, atol=1e-5 * max(rows, 1))
    assert (found == found.T).all()
    for threads in (1, 2, 5):
        assert als_native._gram(factors, threads).tobytes() == found.tobytes()


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("width", WIDTHS)
def test_products_in_place(rows: int, width: int) -> None:
    square = np.random.default_rng(0).normal(0, 1, (width, width)).astype(np.float32)
    lower = np.tril(square)
    before = tall(rows, width)
    for product, matrix, exact in (
        (native.multiply, square, before.astype(np.float64) @ square),
        (native.multiply_by_triangle, lower, before.astype(np.float64) @ lower.T.astype(np.float64)),
    ):
        found = before.copy()
        product(found, matrix, threads=1)
        np.testing.assert_allclose(found, exact, atol=1e-4)
        for threads in (1, 2, 5):
            again = before.copy()
            product(again, matrix, threads=threads)
            assert again.tobytes() == found.tobytes()


def test_a_triangle_is_read_below_its_diagonal_only() -> None:
    before, lower = tall(9, 16), np.tril(tall(16, 16))
    found, noisy = before.copy(), before.copy()
    native.multiply_by_triangle(found, lower, threads=1)
    native.multiply_by_triangle(noisy, lower + np.triu(np.full((16, 16), np.nan, dtype=np.float32), 1), threads=1)
    assert noisy.tobytes() == found.tobytes()


@pytest.mark.parametrize(("factors", "width"), [(1, 16), (16, 16), (17, 32), (271, 272)])
def test_padding(factors: int, width: int) -> None:
    assert padded_width(factors) == width
    vectors = tall(3, factors)
    wide = padded(vectors)
    assert wide.shape == (3, width)
    assert (wide[:, :factors] == vectors).all()
    assert not wide[:, factors:].any()
    assert (wide is vectors) == (factors == width)
    assert aligned_zeros(5, width).ctypes.data % 64 == 0
