"""The exact search of the native kernels: a walk over 8-bit codes, longest items first, that may stop early.

`kernels/src/scan.inl` has the bound that makes it exact, docs/algorithms.md its proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.index.item_index import Hits, Metric, places_of, rows_of
from recommender.kernels import aligned_zeros, native, padded_width
from recommender.models.threads import available_threads

BLOCK = 16
LEVELS = 127
ROWS_AT_ONCE = 65_536
UP = 1 + 1e-6
"""More than the rounding of a float64 to a float32 can take away."""

FEW = 0.05
"""Where a mask allows a smaller share of the items than this, they are looked up one by one."""


@dataclass(frozen=True)
class ExactIndex:
    """Items in order of their length, as float32 and as 8-bit codes; all arrays may be memory-mapped.

    Attributes
    ----------
    factors : float32, shape (N, W)
        Unit rows where the metric is cosine; zeros from F up to the padded width W.
    items : int32, shape (N,)
        Dense item numbers of the rows.
    codes : uint8, shape (blocks, W / 4, 16, 4)
        Four columns of the 16 items of a block stand together. A code c means scale * (c - 128).
    scales, errors, lengths : float32, shape (blocks * 16,)
        Scale of the codes, distance of an item from what its codes mean, length of the latter (both rounded up).
    bounds : float32, shape (blocks,)
        Length of a block's first item, rounded up.
    """

    factors: NDArray[np.float32]
    items: NDArray[np.int32]
    codes: NDArray[np.uint8]
    scales: NDArray[np.float32]
    errors: NDArray[np.float32]
    lengths: NDArray[np.float32]
    bounds: NDArray[np.float32]
    metric: Metric

    def __post_init__(self) -> None:
        _ = self._scan  # arrays that don't fit each other are refused now

    @property
    def kind(self) -> str:
        """The name of this kind of index."""
        return "exact"

    def __len__(self) -> int:
        return len(self.items)

    def search(self, query: NDArray[np.float32], n: int) -> Hits:
        """Return the best `n` items, exactly."""
        return self._scored(query, self._scan.search(_plain(query), n))

    def search_each(self, queries: NDArray[np.float32], n: int) -> Hits:
        """Return the best `n` (or all) for each query, on all cores."""
        rows = np.ascontiguousarray(queries, dtype=np.float32)
        items, scores = self._scan.search_each(rows, min(n, len(self)), available_threads())
        if self.metric == "cosine":
            scores /= _lengths(rows)[:, None]
        return items, scores

    def search_within(self, query: NDArray[np.float32], allowed: NDArray[np.bool_], n: int) -> Hits:
        """Return the best `n` allowed items; of a mask that allows few, those alone are looked at."""
        if np.count_nonzero(allowed) < FEW * len(self):
            return self.search_among(query, np.flatnonzero(allowed).astype(np.int32), n)
        return self._scored(query, self._scan.search(_plain(query), n, allowed))

    def search_among(self, query: NDArray[np.float32], items: NDArray[np.int32], n: int) -> Hits:
        """Return the best `n` of some items."""
        return self._scored(query, self._scan.search_places(_plain(query), n, rows_of(self._places, items)))

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        return places_of(self.items)

    @cached_property
    def _scan(self) -> Any:
        return native.Scan(
            codes=self.codes,
            scales=self.scales,
            errors=self.errors,
            lengths=self.lengths,
            bounds=self.bounds,
            factors=self.factors,
            numbers=self.items,
        )

    def _scored(self, query: NDArray[np.float32], hits: Hits) -> Hits:
        """Return the hits of a query that was not brought to unit length with the scores it would have had."""
        items, scores = hits
        if self.metric == "cosine" and len(items):
            scores /= _lengths(query)
        return items, scores


def _lengths(queries: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the length of each query; squares of what is below 1e-19 would vanish in single precision."""
    return np.asarray(np.linalg.norm(queries.astype(np.float64), axis=-1), dtype=np.float32)


def exact_index(vectors: NDArray[np.float32], items: NDArray[np.int32], metric: Metric) -> ExactIndex:
    """Return an index of `vectors`, shape (N, F), not zero and of unit length if the metric is cosine."""
    n, factors = vectors.shape
    width, blocks = padded_width(max(factors, 1)), -(-n // BLOCK)
    norms = np.sqrt(np.einsum("nf,nf->n", vectors, vectors, dtype=np.float64))
    order = np.argsort(-norms, kind="stable")
    wide = aligned_zeros(n, width)
    wide[:, :factors] = vectors[order]
    codes = np.empty((blocks, width // 4, BLOCK, 4), dtype=np.uint8)
    per_item = np.zeros((3, blocks * BLOCK), dtype=np.float32)
    for first in range(0, blocks * BLOCK, ROWS_AT_ONCE):
        some = wide[first : first + ROWS_AT_ONCE]
        scales, errors, lengths, coded = _coded(some)
        per_item[:, first : first + len(some)] = scales, errors * UP, lengths * UP
        filled = -(-len(some) // BLOCK) * BLOCK
        room = np.full((filled, width), 128, dtype=np.uint8)
        room[: len(some)] = coded
        start = first // BLOCK
        codes[start : start + filled // BLOCK] = room.reshape(-1, BLOCK, width // 4, 4).transpose(0, 2, 1, 3)
    return ExactIndex(
        factors=wide,
        items=items[order].astype(np.int32),
        codes=codes,
        scales=per_item[0],
        errors=per_item[1],
        lengths=per_item[2],
        bounds=(norms[order][::BLOCK] * UP).astype(np.float32),
        metric=metric,
    )


def _coded(
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """Return scales, errors and lengths, each of shape (n,), and codes, shape (n, W), of some vectors."""
    scales = np.maximum(np.abs(vectors).max(axis=1) / np.float32(LEVELS), np.finfo(np.float32).tiny)
    rounded = np.clip(np.rint(vectors / scales[:, None]), -LEVELS, LEVELS)
    kept = rounded.astype(np.float64) * scales[:, None]
    return (
        scales,
        np.linalg.norm(vectors - kept, axis=1),
        np.linalg.norm(kept, axis=1),
        (rounded + 128).astype(np.uint8),
    )


def _plain(query: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(query, dtype=np.float32)
