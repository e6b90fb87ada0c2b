"""What may not stand in a slate, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one request.

    `anchors` are left out without being counted: nobody expects them. `owned` and `seen` are items of the user,
    `excluded` those the request names; `category` is a path, prices are inclusive bounds (an unknown price is outside
    of any bound).
    """

    catalogue: Catalogue
    anchors: NDArray[np.int32]
    owned: NDArray[np.int32]
    seen: NDArray[np.int32]
    excluded: NDArray[np.int32]
    in_stock_only: bool = True
    one_per_group: bool = True
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None

    def broken_by(self, items: NDArray[np.int32]) -> dict[str, NDArray[np.bool_]]:
        """Return, by rule, which of the items, shape (n,), break it."""
        return {rule: broken for rule, broken in self._checks(items) if broken.any()}

    def allowed(self) -> NDArray[np.bool_]:
        """Return a mask, shape (I,), of the items that break no rule and are no anchor."""
        items = np.arange(len(self.catalogue), dtype=np.int32)
        allowed = np.ones(len(items), dtype=bool)
        allowed[self.anchors] = False
        for broken in self.broken_by(items).values():
            allowed &= ~broken
        return allowed

    @property
    def names_items(self) -> int:
        """How many single items the rules strike out: what a search must fetch beyond its k."""
        return len(self.anchors) + len(self.owned) + len(self.seen) + len(self.excluded)

    def taken_groups(self) -> set[int]:
        """Return the groups (see `Catalogue.group`) of which the slate needs no further variant."""
        if not self.one_per_group:
            return set()
        named = np.concatenate([self.anchors, self.owned, self.seen])
        return set(self.catalogue.group[named].tolist())

    def _checks(self, items: NDArray[np.int32]) -> list[tuple[str, NDArray[np.bool_]]]:
        catalogue = self.catalogue
        checks = [("not_in_catalogue", ~catalogue.servable[items])]
        if self.in_stock_only:
            checks.append(("out_of_stock", ~catalogue.in_stock[items]))
        for rule, named in (("excluded", self.excluded), ("owned", self.owned), ("seen", self.seen)):
            if len(named):
                checks.append((rule, np.isin(items, named)))
        if self.category is not None:
            checks.append(("category", ~catalogue.in_category(self.category, items)))
        if self.min_price is not None or self.max_price is not None:
            low = -np.inf if self.min_price is None else self.min_price
            high = np.inf if self.max_price is None else self.max_price
            price = catalogue.price[items]
            checks.append(("price", ~((price >= low) & (price <= high))))
        return checks
