"""The event log as requests meet it: what may fail without anybody noticing, and what must answer 503."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol

from recommender.bundle import Bundle
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.event_log import EventLog, EventLogError, GroupCommit, LoggedEvent, ServedSlate
from recommender.placements import Query, Slate
from serving.problems import EVENT_LOG_DOWN, NO_EVENT_LOG, Problem
from serving.telemetry import Telemetry

log = logging.getLogger(__name__)


class Journal(Protocol):
    """Where events go, and where what just happened is looked up."""

    def recent(self, bundle: Bundle, query: Query) -> Recent:
        """Return what the user and session of a query did after the bundle's data ends; nothing where unknown."""

    def append(self, events: Sequence[LoggedEvent]) -> None:
        """Return once the events are durable; raises Problem (503) where they may not be."""

    def served(self, query: Query, slate: Slate) -> None:
        """Keep an answer for attribution, some time soon."""

    def merge(self, session_id: str, user_id: str) -> None:
        """Join a session to a user; raises Problem (503)."""

    def erase(self, user_id: str) -> int:
        """Erase a user, return how many events that were; raises Problem (503)."""


class NoJournal:
    """No event log: answers come from the bundle alone, and events are refused."""

    def recent(self, bundle: Bundle, query: Query) -> Recent:  # noqa: ARG002
        """Return nothing."""
        return NOTHING_RECENT

    def append(self, events: Sequence[LoggedEvent]) -> None:  # noqa: ARG002
        """Raise Problem: there is no log."""
        raise Problem(NO_EVENT_LOG, "this server keeps no event log; [serving] event_log names one")

    def served(self, query: Query, slate: Slate) -> None:
        """Keep nothing."""

    def merge(self, session_id: str, user_id: str) -> None:  # noqa: ARG002
        """Raise Problem: there is no log."""
        self.append(())

    def erase(self, user_id: str) -> int:  # noqa: ARG002
        """Raise Problem: there is no log."""
        self.append(())
        return 0


class LogJournal:
    """A journal on an event log. A log that is down costs what is newer than the bundle, and no answer."""

    def __init__(self, event_log: EventLog, slate_share: float = 1.0, telemetry: Telemetry | None = None) -> None:
        self._log = event_log
        self._telemetry = telemetry or Telemetry()
        self._commits = GroupCommit(event_log, self._telemetry.committed, self._telemetry.slates_lost)
        self._slate_share = slate_share
        self._down = False

    def recent(self, bundle: Bundle, query: Query) -> Recent:
        """Return what the user and session of a query did since; nothing where the log is down."""
        position = bundle.manifest.log_position
        try:
            found = self._log.recent(query.user_id, query.session_id, position=position, as_of=bundle.as_of_seconds)
        except EventLogError as error:
            self._note_failure("read", error)
            return NOTHING_RECENT
        self._down = False
        return found

    def append(self, events: Sequence[LoggedEvent]) -> None:
        """Return once the events are durable; raises Problem (503)."""
        if not events:
            return
        try:
            self._commits.append(events)
        except EventLogError as error:
            raise self._refusal(error) from None

    def served(self, query: Query, slate: Slate) -> None:
        """Keep a share of the answers, which share depends on their rec_id only."""
        if int(slate.rec_id[:8], 16) >= self._slate_share * 2**32:
            return
        self._commits.note(
            ServedSlate(
                rec_id=slate.rec_id,
                served_at=time.time(),
                placement=slate.placement,
                model_version=slate.model_version,
                anchors=query.item_ids,
                items=tuple((item["item_id"], item["source"]) for item in slate.items),
                user_id=query.user_id,
                session_id=query.session_id,
            )
        )

    def merge(self, session_id: str, user_id: str) -> None:
        """Join a session to a user; raises Problem (503)."""
        try:
            self._log.merge(session_id, user_id)
        except EventLogError as error:
            raise self._refusal(error) from None

    def erase(self, user_id: str) -> int:
        """Erase a user, return how many events that were; raises Problem (503)."""
        try:
            return self._log.erase(user_id).events
        except EventLogError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: EventLogError) -> Problem:
        self._note_failure("write", error)
        return Problem(EVENT_LOG_DOWN, "the event log can't be written; nothing was acknowledged, so send it again")

    def _note_failure(self, operation: str, error: EventLogError) -> None:
        """Count it, and say once that the log is down, until it answers again."""
        self._telemetry.log_failed(operation)
        if not self._down:
            log.error("the event log is down: %s", error)
        self._down = True
