"""What a customer who looks at one item may be offered instead: dearer ones of the same need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TradeUps:
    """Compressed rows, one per item, of dearer items of the same need, the most probable first.

    Attributes
    ----------
    indptr : int64, shape (I + 1,)
    items : int32, shape (nnz,)
    chance : float32, shape (nnz,)
        Share of the customers who step up from the item that takes this one; at most 1 in sum over a row.
    trade_ups : int32, shape (nnz,)
        Distinct users who bought the item and, on a later day, this one for the first time.
    buyers : int32, shape (I,)
        Distinct users who bought the item.
    price : float32, shape (I,)
        Per package: the catalogue's, else the median paid; NaN where neither is known.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    chance: NDArray[np.float32]
    trade_ups: NDArray[np.int32]
    buyers: NDArray[np.int32]
    price: NDArray[np.float32]

    def row(self, item: int) -> slice:
        """Return where the candidates of one item stand."""
        return slice(int(self.indptr[item]), int(self.indptr[item + 1]))

    def dearer(self, anchor: int, low: float, high: float) -> NDArray[np.bool_]:
        """Return which items, shape (I,), cost more than the anchor, by a factor within low to high."""
        price, of_anchor = self.price.astype(np.float64), float(self.price[anchor])
        return np.asarray((price >= low * of_anchor) & (price <= high * of_anchor) & (price > of_anchor))
