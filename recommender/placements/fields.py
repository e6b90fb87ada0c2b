"""Which fields of the catalogue stand beside each item of an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from recommender.config import CatalogueColumns
from recommender.dataset import Catalogue, require_field
from recommender.errors import QueryError
from recommender.placements.query import Query

OF_THE_ANSWER = ("item_id", "rank", "score", "source", "reason", "explanation")
KNOWN = tuple(name for name in CatalogueColumns.model_fields if name != "item_id")
"""What every shop may be asked for, whether its catalogue has it or not."""


def shown_fields(catalogue: Catalogue, query: Query) -> Callable[[int], dict[str, object]]:
    """Return a function from an item to those of the fields asked for that its catalogue knows.

    Raises
    ------
    QueryError
        If the catalogue has no field of that name, or the answer itself has a key of that name.
    """
    names = query.fields
    if names is None:
        return catalogue.fields
    for name in names:
        if name in OF_THE_ANSWER:
            raise QueryError("fields", f"{name!r} is a key of every answer; a column of that name can't be asked for")
        require_field("fields", name, [*KNOWN, *catalogue.kinds])

    def of(item: int) -> dict[str, object]:
        found = catalogue.fields(item, names)
        if isinstance(created := found.get("created_at"), int):
            found["created_at"] = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return found

    return of
