import numpy as np
from numpy.typing import NDArray

def processors() -> list[str]: ...
def load_blas() -> None: ...
def multiply(factors: NDArray[np.float32], square: NDArray[np.float32], *, threads: int) -> None: ...
def multiply_by_triangle(factors: NDArray[np.float32], lower: NDArray[np.float32], *, threads: int) -> None: ...
def nearest_by_users(
    *,
    item_indptr: NDArray[np.int64],
    users: NDArray[np.int32],
    by_item: NDArray[np.float32],
    user_indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    by_user: NDArray[np.float32],
    item_weights: NDArray[np.float64],
    user_weights: NDArray[np.float64],
    shrinkage: float,
    most: int,
    begin: int,
    end: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]: ...

class SharedItems:
    def __init__(
        self,
        *,
        item_indptr: NDArray[np.int64],
        owners: NDArray[np.int32],
        by_item: NDArray[np.float64],
        owner_indptr: NDArray[np.int64],
        items: NDArray[np.int32],
        by_owner: NDArray[np.float64],
    ) -> None: ...
    def with_least(
        self, begin: int, end: int, least: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]: ...
    def at(
        self, begin: int, indptr: NDArray[np.int64], others: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]: ...

class RowProblem:
    def __init__(
        self,
        *,
        indptr: NDArray[np.int64],
        indices: NDArray[np.int32],
        confidences: NDArray[np.float32] | None,
        confidence: float,
        factors: NDArray[np.float32],
        spectrum: NDArray[np.float32] | None,
        regularizations: NDArray[np.float32] | None,
        unobserved_weight: float,
        processor: str | None = None,
    ) -> None: ...
    def solve(
        self,
        order: NDArray[np.int64],
        solutions: NDArray[np.float32],
        *,
        steps: int,
        tolerance: float,
        threads: int,
    ) -> None: ...
    def observed_loss(self, solutions: NDArray[np.float32], *, threads: int) -> float: ...

def row_products(
    factors: NDArray[np.float32], vector: NDArray[np.float32], rows: NDArray[np.int32], processor: str | None = None
) -> NDArray[np.float32]: ...

class Scan:
    def __init__(
        self,
        *,
        codes: NDArray[np.uint8],
        scales: NDArray[np.float32],
        errors: NDArray[np.float32],
        lengths: NDArray[np.float32],
        bounds: NDArray[np.float32],
        factors: NDArray[np.float32],
        numbers: NDArray[np.int32],
        processor: str | None = None,
    ) -> None: ...
    def search(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...
    def search_places(
        self, query: NDArray[np.float32], k: int, places: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...
    def search_each(
        self, queries: NDArray[np.float32], k: int, threads: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]: ...
