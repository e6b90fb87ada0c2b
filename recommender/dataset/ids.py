"""Outside ids are strings, inside they are dense integers; this is the one class that converts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MAX_ID_BYTES = 256

SAMPLED = 16
"""The first of so many ids is kept in each worker's memory, where a search is fastest: 4 MB for a million ids."""


class IdMap(Sequence[bytes]):
    """A fixed set of ids in byte order; the dense integer of an id is its rank.

    Two arrays hold everything, so an id map is saved as two .npy files and memory-mapped by every worker, and a
    look-up is a binary search without a dictionary in memory.

    Parameters
    ----------
    blob : uint8, shape (total bytes,)
        The UTF-8 bytes of all ids, one after the other, in byte order.
    offsets : int64, shape (N + 1,)
        Where each id starts; the last entry is the length of `blob`.
    """

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.blob = blob
        self.offsets = offsets
        self._bytes, self._starts = blob.data, offsets.data  # single entries come faster from these than from NumPy

    def __reduce__(self) -> tuple[type[IdMap], tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Travel to other processes as the two arrays."""
        return IdMap, (self.blob, self.offsets)

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> IdMap:
        """Build from any ids; duplicates are merged, order does not matter."""
        encoded = sorted({text.encode() for text in ids})
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, rank: int) -> bytes:  # type: ignore[override]
        return self._bytes[self._starts[rank] : self._starts[rank + 1]].tobytes()

    def index_of(self, text: str) -> int | None:
        """Return the dense integer of an id, or None where the id is unknown."""
        try:
            key = text.encode()
        except UnicodeEncodeError:
            return None
        block = max(bisect_right(self._sample, key) - 1, 0) * SAMPLED
        rank = bisect_left(self, key, block, min(block + SAMPLED, len(self)))
        return rank if rank < len(self) and self[rank] == key else None

    @cached_property
    def _sample(self) -> list[bytes]:
        return [self[rank] for rank in range(0, len(self), SAMPLED)]

    def indices_of(self, texts: Iterable[str]) -> NDArray[np.int32]:
        """Return the dense integers of the ids that are known, in the order given."""
        known = (self.index_of(text) for text in texts)
        return np.array([rank for rank in known if rank is not None], dtype=np.int32)

    def id_of(self, rank: int) -> str:
        """Return the id of one dense integer."""
        return self[rank].decode()

    def ids_of(self, ranks: Iterable[int]) -> list[str]:
        """Return the ids of many dense integers."""
        return [self.id_of(rank) for rank in ranks]
