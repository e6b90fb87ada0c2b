"""A query in dense integers: the anchors and the history that a placement works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.errors import UnknownIdError
from recommender.placements.query import Query
from recommender.placements.recent_history import hidden_now, history_now


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query means in one bundle.

    `anchors` are the known items of the query; `history`, `values`, `bought`, `last_time`, each of shape (n,), are the
    user's or session's pairs, those of the event log included, each item once; `hidden` are the items they have that
    the policy of `ownership` does not show yet; `user` is the row of the user in the bundle, None where it has none;
    `unknown` names the parameters whose id neither this bundle nor the log knows.
    """

    anchors: NDArray[np.int32]
    history: NDArray[np.int32]
    values: NDArray[np.float32]
    bought: NDArray[np.float32]
    last_time: NDArray[np.int64]
    hidden: NDArray[np.int32]
    user: int | None
    unknown: tuple[str, ...]

    @property
    def owned(self) -> NDArray[np.bool_]:
        """Which pairs of the history are purchases, shape (n,)."""
        return self.bought > 0


def resolve(bundle: Bundle, query: Query, recent: Recent = NOTHING_RECENT) -> Asked:
    """Look up the ids of a query; `recent` is what its user and session did after the bundle's data ends.

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

    rows = [
        len(bundle.users) + session for session in map(bundle.sessions.index_of, recent.sessions) if session is not None
    ]
    if query.user_id is not None:
        user = None if recent.user_erased else bundle.users.index_of(query.user_id)
        if user is not None:
            rows.append(user)
        elif not recent.user_active:
            missing("user_id", query.user_id)
    if query.session_id is not None:
        session = None if recent.session_erased else bundle.sessions.index_of(query.session_id)
        if session is not None:
            rows.append(len(bundle.users) + session)
        elif not recent.session_active:
            missing("session_id", query.session_id)

    rows = list(dict.fromkeys(rows))
    history = history_now(bundle, rows, recent)
    hidden = hidden_now(bundle, rows, history, recent)
    user = next((row for row in rows if row < len(bundle.users)), None)
    return Asked(np.array(anchors, dtype=np.int32), *history, hidden, user, tuple(unknown))
