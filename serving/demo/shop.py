"""What the pages of the demo read from a bundle: products, categories, lists, search, and customers to shop as."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import normal_category

PAGE_SIZE = 24
SEPARATOR = " > "
FAVOURITE_SHARE = 0.03  # less of a history tells nothing
NAMES = ("Ada", "Ben", "Clara", "Dario", "Esra", "Femi", "Greta", "Hugo")


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue."""

    item_id: str
    title: str
    price: float | None
    category: str | None
    brand: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of products; `number` counts from 1."""

    products: list[Product]
    number: int
    n_pages: int
    n_items: int


@dataclass(frozen=True, slots=True)
class Category:
    """One step down the tree: its own name, its whole path and how many products lie at or below it."""

    name: str
    path: str
    n_items: int


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody to shop as, under an invented name; `favourite` is what they buy more of than others do."""

    user_id: str
    name: str
    favourite: str | None
    n_items: int


class Shop:
    """A bundle's catalogue as the demo shows it; immutable, made once per bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._catalogue = bundle.catalogue

    def product(self, item: int) -> Product:
        """Return one item as a product."""
        item_id = self.bundle.items.id_of(item)
        found: dict[str, Any] = self._catalogue.fields(item, ("title", "price", "category", "brand"))
        return Product(
            item_id=item_id,
            title=found.get("title") or item_id,
            price=found.get("price"),
            category=normal_category(found.get("category", "")) or None,
            brand=found.get("brand"),
        )

    def find(self, item_id: str) -> Product | None:
        """Return the product with an id."""
        item = self.bundle.items.index_of(item_id)
        return None if item is None else self.product(item)

    def customers(self, n: int) -> list[Customer]:
        """Return up to `n` customers, spread evenly over all who have bought more than half of the customers have."""
        n_users = len(self.bundle.users)
        sizes = np.diff(self.bundle.histories.indptr[: n_users + 1])
        busy = np.flatnonzero(sizes >= np.median(sizes)) if n_users else sizes
        ranks = np.unique(np.linspace(0, len(busy) - 1, min(n, len(busy)), dtype=np.int64))
        return [self._customer(int(busy[rank]), NAMES[place % len(NAMES)]) for place, rank in enumerate(ranks)]

    def children(self, path: str | None) -> list[Category]:
        """Return the categories directly below a path, or the top ones, that hold products; the largest first."""
        prefix = path + SEPARATOR if path else ""
        counts: dict[str, int] = {}
        for name, n_items in zip(self._catalogue.categories, self._n_items.tolist(), strict=True):
            if n_items and name.startswith(prefix):
                child = name[len(prefix) :].split(SEPARATOR, 1)[0]
                counts[child] = counts.get(child, 0) + n_items
        largest = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return [Category(name, prefix + name, n_items) for name, n_items in largest]

    def browse(self, path: str | None, number: int) -> Page:
        """Return a page of the products at or below a category, or of all; best sellers first."""
        return self._page(self._shown if path is None else self._shown & self._catalogue.in_category(path), number)

    def search(self, words: str, number: int) -> Page:
        """Return a page of the products whose title (or id) holds every word, in any case; best sellers first."""
        wanted = words.casefold().split()
        found = [all(word in text for word in wanted) for text in self._searched]
        return self._page(self._shown & np.array(found, dtype=bool), number)

    def _page(self, mask: NDArray[np.bool_], number: int) -> Page:
        items = self._best_first[mask[self._best_first]]
        n_pages = max(1, -(-len(items) // PAGE_SIZE))
        number = min(number, n_pages)
        shown = items[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        return Page([self.product(int(item)) for item in shown], number, n_pages, len(items))

    def _customer(self, user: int, name: str) -> Customer:
        items, values, _, _ = self.bundle.histories.row(user)
        names, aisle = self._aisles
        own = np.bincount(aisle[items], weights=values, minlength=len(names))
        lift = np.where(own >= FAVOURITE_SHARE * own.sum(), own / np.maximum(self._sold, 1e-9), 0.0)
        favourite = names[int(lift.argmax())] if lift.any() else None
        return Customer(self.bundle.users.id_of(user), name, favourite or None, len(items))

    @cached_property
    def _aisles(self) -> tuple[list[str], NDArray[np.intp]]:
        """The names of the second level of categories, the first one empty for none, and its place per item."""
        parts = [path.split(SEPARATOR)[:2] for path in self._catalogue.categories]
        names = ["", *dict.fromkeys(part[-1] for part in parts)]
        places = {name: place for place, name in enumerate(names)}
        of_category = np.array([*(places[part[-1]] for part in parts), 0], dtype=np.intp)
        return names, of_category[self._catalogue.category]

    @cached_property
    def _sold(self) -> NDArray[np.float64]:
        """What all customers did, by aisle; nothing of what has none."""
        names, aisle = self._aisles
        histories = self.bundle.histories
        sold = np.bincount(aisle[histories.items], weights=histories.values, minlength=len(names)).astype(np.float64)
        sold[0] = np.inf
        return sold

    @cached_property
    def _shown(self) -> NDArray[np.bool_]:
        return self._catalogue.servable

    @cached_property
    def _best_first(self) -> NDArray[np.intp]:
        return np.argsort(-self.bundle.popular.scores, kind="stable")

    @cached_property
    def _n_items(self) -> NDArray[np.int64]:
        category = self._catalogue.category
        used = category[self._shown & (category >= 0)]
        return np.bincount(used, minlength=len(self._catalogue.categories))

    @cached_property
    def _searched(self) -> list[str]:
        return [self.product(item).title.casefold() for item in range(len(self.bundle.items))]
