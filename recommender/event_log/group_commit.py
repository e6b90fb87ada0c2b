"""Many threads write at once, one transaction carries all that waits: a sync to the disk is paid for once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recommender.errors import AlsoboughtError
from recommender.event_log.database import EventLogError
from recommender.event_log.log import EventLog
from recommender.event_log.records import LoggedEvent, ServedSlate

ROWS_AT_ONCE = 5_000
MOST_WAITING = 50_000
MOST_SLATES = 20_000
SLATES_SECONDS = 0.25
ANSWER_SECONDS = 10.0


@dataclass(slots=True)
class _Request:
    events: Sequence[LoggedEvent]
    done: threading.Event = field(default_factory=threading.Event)
    error: AlsoboughtError | None = None


def _unnoticed(_: float) -> None:
    pass


class GroupCommit:
    """One writer for all threads of a process.

    Events are durable when `append` returns. Slates are written behind: they wait a moment, ride on the next
    transaction, and are given up where the log is down or can't keep up. `written` is told the seconds of each
    transaction, `lost` the number of slates given up.
    """

    def __init__(
        self, log: EventLog, written: Callable[[float], None] = _unnoticed, lost: Callable[[int], None] = _unnoticed
    ) -> None:
        self._log = log
        self._written = written
        self._lost = lost
        self._changed = threading.Condition()
        self._waiting: list[_Request] = []
        self._rows = 0
        self._slates: list[ServedSlate] = []
        self._stopped = False
        self._thread: threading.Thread | None = None

    def append(self, events: Sequence[LoggedEvent]) -> None:
        """Return once the events are durable.

        Raises
        ------
        EventLogError
            If they may not be: the log is down, or too many events wait for it.
        """
        request = _Request(events)
        with self._changed:
            if self._rows + len(events) > MOST_WAITING:
                raise EventLogError(f"{self._rows} events wait for the log already")
            self._start()
            self._waiting.append(request)
            self._rows += len(events)
            self._changed.notify()
        if not request.done.wait(ANSWER_SECONDS):
            raise EventLogError(f"the log did not take the events within {ANSWER_SECONDS:g} seconds")
        if request.error is not None:
            raise request.error

    def note(self, slate: ServedSlate) -> None:
        """Have a slate written some time soon; never waits."""
        with self._changed:
            kept = len(self._slates) < MOST_SLATES
            if kept:
                self._start()
                self._slates.append(slate)
        if not kept:
            self._lost(1)

    def stop(self) -> None:
        """Write what waits and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(ANSWER_SECONDS)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._stopped:
                    self._changed.wait(SLATES_SECONDS)
                requests, slates = self._take()
                ended = self._stopped and not requests and not slates
            if requests or slates:
                self._write(requests, slates)
            if ended:
                return

    def _take(self) -> tuple[list[_Request], list[ServedSlate]]:
        """Take what fits into one transaction."""
        number = rows = 0
        for request in self._waiting:
            if number and rows + len(request.events) > ROWS_AT_ONCE:
                break
            number, rows = number + 1, rows + len(request.events)
        requests, self._waiting = self._waiting[:number], self._waiting[number:]
        self._rows -= rows
        slates, self._slates = self._slates[:ROWS_AT_ONCE], self._slates[ROWS_AT_ONCE:]
        return requests, slates

    def _write(self, requests: list[_Request], slates: list[ServedSlate]) -> None:
        events = [event for request in requests for event in request.events]
        started = time.perf_counter()
        error: AlsoboughtError | None = None
        try:
            self._log.append(events, slates)
            self._written(time.perf_counter() - started)
        except AlsoboughtError as failure:
            error = failure
        except Exception as failure:  # whatever it was, those who wait must hear of it, and the thread must live on
            error = EventLogError(f"{self._log.database.name}: {type(failure).__name__}: {failure}")
        if error is not None and slates:
            self._lost(len(slates))
        for request in requests:
            request.error = error
            request.done.set()
