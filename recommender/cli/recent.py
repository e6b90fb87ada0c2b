"""What the event log adds to a question asked in the shell, so that the answer is the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.bundle import Bundle
    from recommender.config import Config
    from recommender.dataset import Recent
    from recommender.placements import Query


def recent_of(config: Config, bundle: Bundle, query: Query) -> Recent:
    """Return what the user and session of a query did after the bundle's data ends.

    Raises
    ------
    EventLogError
        If there is a log that can't be read.
    """
    from recommender.dataset import NOTHING_RECENT

    if not config.serving.event_log or (query.user_id is None and query.session_id is None):
        return NOTHING_RECENT
    from recommender.event_log import EventLog

    log = EventLog.at(config.serving.event_log, config.folder)
    try:
        position = bundle.manifest.log_position
        return log.recent(query.user_id, query.session_id, position=position, as_of=bundle.as_of_seconds)
    finally:
        log.close()
