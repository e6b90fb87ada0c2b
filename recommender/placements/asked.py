"""A query in dense integers: the anchors and the history that a placement works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.errors import UnknownIdError
from recommender.placements.query import Query


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query means in one bundle.

    `anchors` are the known items of the query; `history`, `values`, `bought`, `last_time`, each of shape (n,), are the
    user's or session's stored pairs; `unknown` names the parameters whose id this bundle does not know.
    """

    anchors: NDArray[np.int32]
    history: NDArray[np.int32]
    values: NDArray[np.float32]
    bought: NDArray[np.float32]
    last_time: NDArray[np.int64]
    unknown: tuple[str, ...]

    @property
    def owned(self) -> NDArray[np.bool_]:
        """Which pairs of the history are purchases, shape (n,)."""
        return self.bought > 0


def resolve(bundle: Bundle, query: Query) -> Asked:
    """Look up the ids of a query.

    Raises
    ------
    UnknownIdError
        If the query is strict and names an unknown user, session or item.
    """
    unknown: list[str] = []

    def missing(parameter: str, value: str) -> None:
        if query.strict:
            raise UnknownIdError(parameter, value)
        unknown.append(parameter)

    anchors = []
    for item_id in query.item_ids:
        item = bundle.items.index_of(item_id)
        if item is None:
            missing("item_id", item_id)
        else:
            anchors.append(item)

    rows = []
    if query.user_id is not None:
        user = bundle.users.index_of(query.user_id)
        if user is None:
            missing("user_id", query.user_id)
        else:
            rows.append(user)
    if query.session_id is not None:
        session = bundle.sessions.index_of(query.session_id)
        if session is None:
            missing("session_id", query.session_id)
        else:
            rows.append(len(bundle.users) + session)

    parts = [bundle.histories.row(row) for row in rows] or [bundle.histories.none()]
    items, values, bought, last_time = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Asked(np.array(anchors, dtype=np.int32), items, values, bought, last_time, tuple(unknown))
