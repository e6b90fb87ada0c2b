"""Masks over all items that are asked for again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

KEPT = 64
"""Masks that are kept: shops use few different filters. At 100,000 items they take 6 MB of each worker's memory."""


class KeptMasks:
    """The KEPT masks, shape (I,), that were asked for last; they may not be written to. Threads may share them."""

    def __init__(self) -> None:
        self._masks: OrderedDict[Hashable, NDArray[np.bool_]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: Hashable, make: Callable[[], NDArray[np.bool_]]) -> NDArray[np.bool_]:
        """Return the mask of a name, which `make` makes where it is not kept."""
        with self._lock:
            if name in self._masks:
                self._masks.move_to_end(name)
                return self._masks[name]
        mask = make()
        mask.flags.writeable = False
        with self._lock:
            self._masks[name] = mask
            if len(self._masks) > KEPT:
                self._masks.popitem(last=False)
        return mask
