"""Which column of a source is which of ours."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from recommender.config import CatalogueColumns, EventsColumns, OwnershipColumns
from recommender.errors import DataError
from recommender.ingest.sources import Source


def find_columns(
    source: Source, names: EventsColumns | CatalogueColumns | OwnershipColumns, table: str
) -> dict[str, str]:
    """Return our name -> the source's, for the columns that the source has.

    Raises
    ------
    DataError
        If a column stands there twice, `item_id` is not there, events name no actor or ownership no user, or shop.toml
        names a column that is not there; the message says what was found and which key to set.
    """
    found = source.columns()
    ours = names.model_dump()
    have = {our: theirs for our, theirs in ours.items() if theirs in found}
    for theirs in have.values():
        if found.count(theirs) > 1:
            raise DataError(f"{source.name}: the column {theirs!r} stands there twice; rename one of them")
    for our in sorted(names.model_fields_set - have.keys()):
        raise _missing(source, found, have, [(our, ours[our])], table)
    if "item_id" not in have:
        raise _missing(source, found, have, [("item_id", ours["item_id"])], table)
    if table == "ownership" and "user_id" not in have:
        raise _missing(source, found, have, [("user_id", ours["user_id"])], table)
    if table == "events":
        actors = [(our, ours[our]) for our in ("user_id", "session_id", "order_id")]
        if not any(our in have for our, _ in actors):
            raise _missing(source, found, have, actors, table)
    return have


def _missing(
    source: Source, found: Sequence[str], have: dict[str, str], wanted: list[tuple[str, str]], table: str
) -> DataError:
    our, theirs = wanted[0]
    names = " or ".join(repr(name) for _, name in wanted)
    near = _nearest(theirs, (name for name in found if name not in have.values()))
    remedy = f'set {our} = "{near or "its name"}" under [data.{table}_columns]'
    return DataError(f"{source.name}: no column {names}; found {', '.join(map(repr, found))}; {remedy}")


def _nearest(name: str, found: Iterable[str]) -> str | None:
    lower = {column.lower(): column for column in found}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    return lower[near[0]] if near else None
