"""A shop's data in memory: ids, events, catalogue.

Everything here is an immutable value on arrays, in dense integers; reading files is `ingest`'s, meaning is `matrix`'s
and later rooms'. Any package of the engine above may import it.
"""

from __future__ import annotations

from dataclasses import dataclass

from recommender.dataset.catalogue import Catalogue, normal_category
from recommender.dataset.events import NO_TIME, Events
from recommender.dataset.ids import MAX_ID_BYTES, IdMap

__all__ = ["MAX_ID_BYTES", "NO_TIME", "Catalogue", "Dataset", "Events", "IdMap", "normal_category"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Ids, events and catalogue that belong together.

    `items` is the union of catalogue and events; `sessions` holds the ids of all sessions, of known users as well.
    `test` are the events of `evaluation.test_events`, in the same id spaces; they train nothing.
    """

    users: IdMap
    sessions: IdMap
    items: IdMap
    events: Events
    catalogue: Catalogue
    test: Events | None = None
