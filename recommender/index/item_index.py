"""What every index answers, whatever is behind it."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Metric = Literal["inner_product", "cosine"]

Hits = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Items and their scores, best first."""


class ItemIndex(Protocol):
    """Search among the items that have factors.

    A query, shape (F,), that is not finite or is zero finds nothing. Answers never hold an item twice, nor padding.
    """

    @property
    def metric(self) -> Metric:
        """What the scores are."""

    @property
    def kind(self) -> str:
        """Either "exact", "flat" or "hnsw"."""

    @property
    def items(self) -> NDArray[np.int32]:
        """Dense item numbers of the indexed rows, shape (N,)."""

    def __len__(self) -> int: ...

    def search(self, query: NDArray[np.float32], n: int) -> Hits:
        """Return up to `n` items, each of shape (m,), m <= n; as good as this kind finds them."""

    def search_each(self, queries: NDArray[np.float32], n: int) -> Hits:
        """Return the best `n` (or all) for each query that is finite and not zero, both of shape (Q, min(n, N))."""

    def search_within(self, query: NDArray[np.float32], allowed: NDArray[np.bool_], n: int) -> Hits:
        """Return the exact best `n` among the items a mask, shape (I,), allows; shapes as `search`."""

    def search_among(self, query: NDArray[np.float32], items: NDArray[np.int32], n: int) -> Hits:
        """Return the exact best `n` among distinct items, shape (M,), those of a category say; shapes as `search`."""


def places_of(items: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the row of each dense item number in an index, shape (largest + 1,), -1 where it has none."""
    places = np.full(int(items.max(initial=-1)) + 1, -1, dtype=np.int32)
    places[items] = np.arange(len(items), dtype=np.int32)
    return places


def rows_of(places: NDArray[np.int32], items: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows of those of some items that an index holds; `places` as `places_of` gives them."""
    rows = places[items[items < len(places)]]
    return rows[rows >= 0]


def nothing() -> Hits:
    """Return an answer without items."""
    return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
