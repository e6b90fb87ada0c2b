"""Several placements of one page: each is answered as if alone, but for what stands above it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from recommender.bundle import Bundle
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.errors import QueryError, UnknownIdError
from recommender.placements.query import Query, Slate
from recommender.placements.recommend import choose, slate_of


class PageError(Exception):
    """A question of a page that can't be answered: its place on the page, from 0, and why."""

    def __init__(self, place: int, cause: QueryError | UnknownIdError) -> None:
        super().__init__(str(cause))
        self.place = place
        self.cause = cause


def recommend_page(
    bundle: Bundle, queries: Sequence[Query], recent: Callable[[Query], Recent] = lambda _: NOTHING_RECENT
) -> list[Slate]:
    """Answer the questions of a page in order; no item, and no variant of it, stands there twice.

    What a slate would have shown but an earlier one shows already is counted as dropped, `on_page`. `recent` tells what
    the user and session of a query did after the bundle's data ends.

    Raises
    ------
    PageError
        That says which question can't be answered, and why.
    """
    now = time.time()
    shown: list[int] = []
    slates = []
    for place, query in enumerate(queries):
        try:
            on_page = np.array(shown, dtype=np.int32)
            choice = choose(bundle, query, recent=recent(query), now=now, on_page=on_page)
            slates.append(slate_of(bundle, query, choice))
        except (QueryError, UnknownIdError) as error:
            raise PageError(place, error) from None
        shown += choice.items
    return slates
