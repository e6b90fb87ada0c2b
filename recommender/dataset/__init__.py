"""A shop's data in memory: ids, events, catalogue.

Everything here is an immutable value on arrays, in dense integers; reading files is `ingest`'s, meaning is `matrix`'s
and later rooms'. Any package of the engine above may import it.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommender.dataset.catalogue import Catalogue, normal_category
from recommender.dataset.conditions import Condition, items_meeting, parse_condition, require_field
from recommender.dataset.event_names import RETURN, canonical_event
from recommender.dataset.events import NO_TIME, OWNERSHIP_TYPES, Events
from recommender.dataset.ids import MAX_ID_BYTES, IdMap
from recommender.dataset.recent import NOTHING_RECENT, Recent, RecentEvent
from recommender.dataset.rows import ROWS_AT_ONCE, hash_rows, mapped, stretches_of_actors, stretches_of_time, taken
from recommender.dataset.sorting import distinct, distinct_places, first_places, stable_order

__all__ = [
    "MAX_ID_BYTES",
    "NOTHING_RECENT",
    "NO_TIME",
    "OWNERSHIP_TYPES",
    "RETURN",
    "ROWS_AT_ONCE",
    "Catalogue",
    "Condition",
    "Dataset",
    "Events",
    "IdMap",
    "Recent",
    "RecentEvent",
    "canonical_event",
    "distinct",
    "distinct_places",
    "first_places",
    "hash_rows",
    "items_meeting",
    "mapped",
    "normal_category",
    "parse_condition",
    "require_field",
    "stable_order",
    "stretches_of_actors",
    "stretches_of_time",
    "taken",
]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Ids, events and catalogue that belong together.

    `items` is the union of catalogue and events; `sessions` holds the ids of all sessions, of known users as well.
    `test` are the events of `evaluation.test_events`, in the same id spaces; they train nothing. `log_position` is the
    last row of the event log that was read, None where the log is not a source.
    """

    users: IdMap
    sessions: IdMap
    items: IdMap
    events: Events
    catalogue: Catalogue
    test: Events | None = None
    log_position: int | None = None
