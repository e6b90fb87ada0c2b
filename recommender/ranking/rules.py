"""What may not stand in a slate, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from recommender.dataset import Catalogue

NOBODY: NDArray[np.int32] = np.zeros(0, dtype=np.int32)


def among(items: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which of some items, shape (n,), are among others, shape (m,), in a tenth of the time of `np.isin`."""
    if not len(others):
        return np.zeros(len(items), dtype=bool)
    ordered = np.sort(others)
    return np.asarray(ordered.take(ordered.searchsorted(items), mode="clip") == items)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many items of one kind in a slate.

    `codes`, shape (I,), is the kind of each item, below 0 for none; of the kinds `taken` there are enough already.
    """

    rule: str
    codes: NDArray[np.int32]
    most: int
    taken: Collection[int] = ()

    def holds_one_of(self, kinds: list[int]) -> NDArray[np.bool_]:
        """Return which items, shape (I,), are of some kinds."""
        wanted = np.zeros(int(self.codes.max(initial=-1)) + 2, dtype=bool)
        wanted[kinds] = True
        return wanted[self.codes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one request.

    `anchors` are left out without being counted: nobody expects them. `owned` and `seen` are items of the user,
    `excluded` those the request names, `on_page` those that the page shows already. `conditions` are named masks, shape
    (I,), of the items that meet what is asked of each, `at_most` limits how many of one kind there may be.
    """

    catalogue: Catalogue
    anchors: NDArray[np.int32]
    owned: NDArray[np.int32]
    seen: NDArray[np.int32]
    excluded: NDArray[np.int32]
    on_page: NDArray[np.int32] = field(default_factory=lambda: NOBODY)
    conditions: Sequence[tuple[str, NDArray[np.bool_]]] = ()
    at_most: Sequence[Cap] = ()
    in_stock_only: bool = True
    one_per_group: bool = True

    def broken_by(self, items: NDArray[np.int32]) -> dict[str, NDArray[np.bool_]]:
        """Return, by rule, which of the items, shape (n,), break it."""
        found: dict[str, NDArray[np.bool_]] = {}
        for rule, broken in self._checks(items):
            if broken.any():
                found[rule] = found[rule] | broken if rule in found else broken
        return found

    def allowed(self) -> NDArray[np.bool_]:
        """Return a mask, shape (I,), of the items that break no rule and are no anchor."""
        allowed = (self.catalogue.for_sale if self.in_stock_only else self.catalogue.servable).copy()
        for named in (self.anchors, self.excluded, self.owned, self.seen, self.on_page):
            allowed[named] = False
        for _, met in self.conditions:
            allowed &= met
        return allowed

    def meeting_conditions(self) -> NDArray[np.bool_] | None:
        """Return a mask, shape (I,), of the items that meet all conditions, None where there are none."""
        return reduce(np.logical_and, (met for _, met in self.conditions)) if self.conditions else None

    @property
    def names_items(self) -> int:
        """How many single items the rules strike out: what a search must fetch beyond its k."""
        return sum(len(named) for named in (self.anchors, self.excluded, self.owned, self.seen, self.on_page))

    def caps(self) -> list[Cap]:
        """Return the limits of how many of one kind there may be: of variants (see `Catalogue.group`) one."""
        if not self.one_per_group:
            return list(self.at_most)
        group = self.catalogue.group
        named = [items for items in (self.anchors, self.owned, self.seen, self.on_page) if len(items)]
        taken = {kind for items in named for kind in group[items].tolist()}
        return [Cap("variant", group, 1, taken), *self.at_most]

    def _checks(self, items: NDArray[np.int32]) -> list[tuple[str, NDArray[np.bool_]]]:
        catalogue = self.catalogue
        checks = [("not_in_catalogue", ~catalogue.servable[items])]
        if self.in_stock_only:
            checks.append(("out_of_stock", ~catalogue.in_stock[items]))
        named_by_rule = {"excluded": self.excluded, "owned": self.owned, "seen": self.seen, "on_page": self.on_page}
        for rule, named in named_by_rule.items():
            if len(named):
                checks.append((rule, among(items, named)))
        checks += [(rule, ~met[items]) for rule, met in self.conditions]
        return checks
