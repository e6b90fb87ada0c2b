from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from recommender.kernels import has_native, native


@pytest.fixture(params=native.processors() if has_native() else ["baseline"])
def processor(request: pytest.FixtureRequest) -> str:
    """Every kind of processor whose kernels run here."""
    if not has_native():
        pytest.skip("the native kernels are not built")
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def blas_has_one_thread() -> Iterator[None]:
    """As the kernels ask for; the reference's small systems are also slower with more."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
