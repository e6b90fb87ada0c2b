"""A question to a placement as the form of the page asks it, its answer, and why an item is not in it.

What is asked here is neither counted nor logged: it must not look like a customer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from recommender.bundle import Bundle
from recommender.errors import QueryError, UnknownIdError
from recommender.placements import PLACEMENTS, Explanation, Query, Slate, explain, recommend
from serving.journal import Journal
from serving.parameters import parameters_of
from serving.problems import Problem
from serving.reading import read_query

LISTS = ("item_id", "filter")
FIELDS = ("placement", "user_id", "session_id", "item_id", "k", "filter", "target")
DEFAULTS = {"placement": "for-you", "k": "10"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question; `unused` are fields that the placement does not take."""

    query: Query
    slate: Slate
    milliseconds: float
    explanation: Explanation | None
    unused: tuple[str, ...]

    @property
    def path(self) -> str:
        """The same question to the API."""
        named = [("item_id", one) for one in self.query.item_ids] + [("filter", one) for one in self.query.filter]
        named += [(name, str(value)) for name in ("user_id", "session_id", "k") if (value := getattr(self.query, name))]
        return f"/v1/{self.query.placement}?{urlencode(named)}"


def read_form(given: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of the form, stripped of what a browser adds: line breaks as CR LF, lines left empty."""
    found = {name: given.get(name, DEFAULTS.get(name, "")) for name in FIELDS}
    return {name: "\n".join(filter(None, text.splitlines())) for name, text in found.items()}


def answer(bundle: Bundle, journal: Journal, form: Mapping[str, str]) -> Answered:
    """Answer the question of a form.

    Raises
    ------
    Problem, QueryError, UnknownIdError
        If a field is wrong.
    """
    placement = PLACEMENTS.get(form["placement"], PLACEMENTS[DEFAULTS["placement"]])
    taken = {parameter.name for parameter in parameters_of(placement)}
    given = {name: form[name] for name in FIELDS if form[name] and name not in ("placement", "target")}
    pairs = [
        (name, one)
        for name, text in given.items()
        if name in taken
        for one in (text.splitlines() if name in LISTS else [text])
    ]
    query = replace(read_query(placement, urlencode(pairs)), explain=True)
    recent = journal.recent(bundle, query)
    start = time.perf_counter()
    slate = recommend(bundle, query, recent)
    milliseconds = 1000 * (time.perf_counter() - start)
    explanation = explain(bundle, query, form["target"], recent) if form["target"] else None
    return Answered(query, slate, milliseconds, explanation, tuple(name for name in given if name not in taken))


def in_words(error: Problem | QueryError | UnknownIdError) -> str:
    """Return what is wrong with a question."""
    return error.detail if isinstance(error, Problem) else str(error)


def samples(bundle: Bundle) -> list[tuple[str, dict[str, Any]]]:
    """Return questions to begin with: some customer, the best seller, and best sellers."""
    found: list[tuple[str, dict[str, Any]]] = [("best sellers", {"placement": "popular"})]
    if len(bundle.items):
        best = bundle.items.id_of(int(bundle.popular.scores.argmax()))
        found.insert(0, ("bought with the best seller", {"placement": "also-bought", "item_id": best}))
    if len(bundle.users):
        someone = bundle.users.id_of(len(bundle.users) // 2)
        found.insert(0, ("for a customer", {"placement": "for-you", "user_id": someone}))
    return found
