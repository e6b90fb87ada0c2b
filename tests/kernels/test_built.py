"""The kernels are optional for who installs, not for who tests: without them most tests here would be skipped."""

from __future__ import annotations

from recommender.kernels import has_native


def test_the_kernels_are_built() -> None:
    assert has_native(), "install a C++ compiler and the Python headers, then `make setup`; or the C++ does not compile"
