"""From the JSON of POST /v1/recommendations to the questions of one page, or of the same page for many users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recommender.placements import PLACEMENTS, Query
from serving.parameters import parameters_of
from serving.problems import INVALID_BODY, MISSING_PARAMETER, UNKNOWN_PARAMETER, Problem
from serving.reading import query_of, read_values

MAX_PLACEMENTS = 20
MAX_USERS = 100
MAX_PLACES = 5_000
"""Places of all slates of a request together: what it may cost at most."""

OF_THE_PAGE = ("placements", "user_ids")
SHARED = {parameter.name: parameter for one in PLACEMENTS.values() for parameter in parameters_of(one)}
"""What may stand beside `placements` and holds for each of them that takes it."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's questions, top to bottom; `user_id` is set where the page was asked for many users."""

    user_id: str | None
    queries: tuple[Query, ...]


def read_pages(body: Any) -> list[Page]:
    """Return the pages that a body asks for.

    Raises
    ------
    Problem
        If it is of another shape, asks for too much, or a parameter is wrong; it is named as `placements[1].k`.
    """
    if not isinstance(body, dict):
        raise Problem(INVALID_BODY, "the body must be an object with placements")
    placements = _list_of(body, "placements", MAX_PLACEMENTS)
    shared = {name: value for name, value in body.items() if name not in OF_THE_PAGE}
    for name in shared:
        if name not in SHARED:
            known = ", ".join((*OF_THE_PAGE, *SHARED))
            raise Problem(UNKNOWN_PARAMETER, f"no placement takes {name!r}; known here: {known}", name)
    queries = tuple(_question(part, shared, f"placements[{place}].") for place, part in enumerate(placements))
    if "user_ids" not in body:
        return _within_bounds([Page(None, queries)])
    if any(query.user_id is not None for query in queries):
        raise Problem(
            INVALID_BODY, "user_id must not stand beside user_ids, which ask the page for each user", "user_id"
        )
    users = _users(_list_of(body, "user_ids", MAX_USERS))
    return _within_bounds([Page(user, tuple(replace(query, user_id=user) for query in queries)) for user in users])


def _question(part: Any, shared: Mapping[str, Any], where: str) -> Query:
    name = part.get("placement") if isinstance(part, dict) else None
    placement = PLACEMENTS.get(name) if isinstance(name, str) else None
    if placement is None:
        known = ", ".join(PLACEMENTS)
        raise Problem(INVALID_BODY, f"{where}placement must be one of {known}", f"{where}placement")
    parameters = parameters_of(placement)
    own = {key: value for key, value in part.items() if key != "placement"}
    found = read_values(own, parameters, where)
    taken = {parameter.name for parameter in parameters} - set(found)
    found |= read_values({key: value for key, value in shared.items() if key in taken}, parameters, "")
    for parameter in parameters:
        if parameter.required and parameter.name not in found:
            detail = f"{where}{parameter.name} is required: {parameter.description}"
            raise Problem(MISSING_PARAMETER, detail, f"{where}{parameter.name}")
    return query_of(placement, found)


def _list_of(body: Mapping[str, Any], name: str, most: int) -> list[Any]:
    found = body.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise Problem(INVALID_BODY, f"{name} must be an array of 1 to {most}", name)
    return found


def _users(given: Sequence[Any]) -> list[str]:
    return [
        read_values({"user_id": user}, [SHARED["user_id"]], f"user_ids[{place}].")["user_id"][0]
        for place, user in enumerate(given)
    ]


def _within_bounds(pages: list[Page]) -> list[Page]:
    places = sum(query.k for page in pages for query in page.queries)
    if places > MAX_PLACES:
        raise Problem(INVALID_BODY, f"the slates have {places:,} places together; ask for {MAX_PLACES:,} at a time")
    return pages
