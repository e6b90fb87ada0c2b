"""What the pages of the demo read from a bundle's catalogue: cards, categories, browsing, search."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import normal_category

PAGE_SIZE = 24
COLOURS = 8
SEPARATOR = " > "


@dataclass(frozen=True, slots=True)
class Card:
    """One product as a tile: `reason` is set where it was recommended."""

    item_id: str
    title: str
    price: float | None
    category: str | None
    brand: str | None
    colour: int
    reason: str | None = None

    @property
    def letter(self) -> str:
        """Return the letter on the tile that stands for a picture."""
        return next((character.upper() for character in self.title if character.isalnum()), "#")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list of products; `number` counts from 1."""

    cards: list[Card]
    number: int
    n_pages: int
    n_items: int


@dataclass(frozen=True, slots=True)
class Category:
    """One step down the tree: its own name, its whole path and how many products lie at or below it."""

    name: str
    path: str
    n_items: int


class Shop:
    """A bundle's catalogue as the demo shows it; immutable, made once per bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._catalogue = bundle.catalogue

    def card(self, item: int, reason: str | None = None) -> Card:
        """Return the tile of one item."""
        item_id = self.bundle.items.id_of(item)
        found: dict[str, Any] = self._catalogue.fields(item, ("title", "price", "category", "brand"))
        category = normal_category(found.get("category", "")) or None
        return Card(
            item_id=item_id,
            title=found.get("title") or item_id,
            price=found.get("price"),
            category=category,
            brand=found.get("brand"),
            colour=zlib.crc32((category or item_id).encode()) % COLOURS,
            reason=reason,
        )

    def sample_customers(self, n: int) -> list[str]:
        """Return up to `n` customers, spread evenly over all ids."""
        n_users = len(self.bundle.users)
        ranks = np.unique(np.linspace(0, n_users - 1, min(n, n_users), dtype=np.int64))
        return self.bundle.users.ids_of(ranks.tolist())

    def children(self, path: str | None) -> list[Category]:
        """Return the categories directly below a path, or the top ones, that hold products."""
        prefix = path + SEPARATOR if path else ""
        counts: dict[str, int] = {}
        for name, n_items in zip(self._catalogue.categories, self._n_items.tolist(), strict=True):
            if n_items and name.startswith(prefix):
                child = name[len(prefix) :].split(SEPARATOR, 1)[0]
                counts[child] = counts.get(child, 0) + n_items
        return [Category(name, prefix + name, n_items) for name, n_items in sorted(counts.items())]

    def browse(self, path: str | None, number: int) -> Page:
        """Return a page of the products at or below a category, or of all."""
        mask = self._shown if path is None else self._shown & self._catalogue.in_category(path)
        return self._page(np.flatnonzero(mask), number)

    def search(self, words: str, number: int) -> Page:
        """Return a page of the products whose title (or id) holds every word, in any case; best sellers first."""
        wanted = words.casefold().split()
        found = [all(word in text for word in wanted) for text in self._searched]
        items = np.flatnonzero(self._shown & np.array(found, dtype=bool))
        return self._page(items[np.argsort(-self.bundle.popular.scores[items], kind="stable")], number)

    def _page(self, items: NDArray[np.intp], number: int) -> Page:
        n_pages = max(1, -(-len(items) // PAGE_SIZE))
        number = min(number, n_pages)
        shown = items[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        return Page([self.card(int(item)) for item in shown], number, n_pages, len(items))

    @cached_property
    def _shown(self) -> NDArray[np.bool_]:
        return self._catalogue.servable

    @cached_property
    def _n_items(self) -> NDArray[np.int64]:
        category = self._catalogue.category
        used = category[self._shown & (category >= 0)]
        return np.bincount(used, minlength=len(self._catalogue.categories))

    @cached_property
    def _searched(self) -> list[str]:
        return [self.card(item).title.casefold() for item in range(len(self.bundle.items))]
