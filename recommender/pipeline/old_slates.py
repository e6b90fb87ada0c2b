"""Deleting the slates of the event log that are past their days: a busy shop serves millions a week."""

from __future__ import annotations

import time

from recommender.config import Config
from recommender.event_log import EventLog
from recommender.matrix import SECONDS_PER_DAY


def prune_slates(config: Config) -> int:
    """Delete what `[serving] keep_slates_days` does not keep and return how many slates that was.

    Raises
    ------
    EventLogError
        If the log can't be written; portions may be gone.
    """
    if not config.serving.event_log:
        return 0
    log = EventLog.at(config.serving.event_log, config.folder)
    try:
        return log.prune_slates(time.time() - config.serving.keep_slates_days * SECONDS_PER_DAY)
    finally:
        log.close()
