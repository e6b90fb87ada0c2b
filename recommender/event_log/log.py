"""The log itself: append, look up what is recent, join, erase, read in order."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from recommender.dataset.recent import NOTHING_RECENT, Recent, RecentEvent
from recommender.event_log import outcomes, report
from recommender.event_log.database import Database, EventLogError
from recommender.event_log.outcomes import ItemOutcome, Outcome
from recommender.event_log.records import Erased, LoggedEvent, ServedSlate
from recommender.event_log.schema import ERASURES, EVENTS, MERGES, SLATES

MOST_RECENT = 500
"""Events of one user or session that answers look at; a robot's history is not read to its end."""

REST_SECONDS = 1.0
"""After a failed look-up answers go on without the log for so long."""

BATCH_ROWS = 50_000
PRUNED_AT_ONCE = 5_000


class EventLog:
    """An event log on a database; safe to share between threads, and not to be used before a fork and after it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._resting_until = 0.0

    @classmethod
    def at(cls, url: str, folder: Path) -> EventLog:
        """Return the log at a SQLAlchemy URL; a SQLite file is relative to `folder`. Raises ConfigError."""
        return cls(Database.at(url, folder))

    def append(self, events: Sequence[LoggedEvent], slates: Sequence[ServedSlate] = ()) -> None:
        """Write events and slates, durable on return; what is there by event_id or rec_id is left as it is.

        Raises
        ------
        EventLogError
            If that fails; then nothing of it was written, or all, and it may be sent again.
        """
        with self.database.writing() as connection:
            if events:
                connection.execute(self._insert(EVENTS, "event_id"), [asdict(event) for event in events])
            if slates:
                connection.execute(self._insert(SLATES, "rec_id"), [_slate_row(slate) for slate in slates])

    def recent(self, user_id: str | None, session_id: str | None, *, position: int | None, as_of: int | None) -> Recent:
        """Return what a user, a session or both did after row `position`, or after `as_of` where that is None.

        Raises
        ------
        EventLogError
            If the log can't be read; for a second after that nothing is asked of it.
        """
        if (user_id is None and session_id is None) or not self.database.exists():
            return NOTHING_RECENT
        if time.monotonic() < self._resting_until:
            raise EventLogError(f"{self.database.name}: could not be read a moment ago")
        asked = {
            "user": user_id,
            "session": session_id,
            "user_digest": user_id and erasure_digest("user", user_id),
            "session_digest": session_id and erasure_digest("session", session_id),
            "after": position or 0,
            "later": as_of if position is None and as_of is not None else -1,
            "erased": position or 0,
        }
        try:
            with self.database.reading() as connection:
                rows = connection.execute(RECENT, asked).all()
        except EventLogError:
            self._resting_until = time.monotonic() + REST_SECONDS
            raise
        return _recent(rows, asked)

    def merge(self, session_id: str, user_id: str) -> None:
        """Join a session to a user: from now on what it did, and does, is the user's. Raises EventLogError."""
        row = {"session_id": session_id, "user_id": user_id, "merged_at": time.time()}
        insert = self._insert_of(MERGES)
        with self.database.writing() as connection:
            connection.execute(
                insert.on_conflict_do_update(index_elements=["session_id"], set_={"user_id": insert.excluded.user_id}),
                [row],
            )

    def erase(self, user_id: str) -> Erased:
        """Delete what the log has of a user and of the sessions joined to it, and return what that was.

        What remains is a digest of each id: answers and training leave out what they still hold of it from before.
        Raises EventLogError.
        """
        with self.database.writing() as connection:
            sessions = list(connection.scalars(select(MERGES.c.session_id).where(MERGES.c.user_id == user_id)))
            sessions += connection.scalars(
                select(EVENTS.c.session_id)
                .where(EVENTS.c.user_id == user_id, EVENTS.c.session_id.is_not(None))
                .distinct()
            )
            last, found = last_position(connection), sorted(set(sessions))
            digests = [erasure_digest("user", user_id), *(erasure_digest("session", one) for one in found)]
            insert = self._insert_of(ERASURES)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["digest"],
                    set_={name: insert.excluded[name] for name in ("position_in_log", "erased_at")},
                ),
                [{"digest": digest, "position_in_log": last, "erased_at": time.time()} for digest in digests],
            )
            gone = connection.execute(delete(EVENTS).where(EVENTS.c.user_id == user_id)).rowcount
            connection.execute(delete(SLATES).where(SLATES.c.user_id == user_id))
            connection.execute(delete(MERGES).where(MERGES.c.user_id == user_id))
            for session_id in found:
                of_session = (EVENTS.c.session_id == session_id) & EVENTS.c.user_id.is_(None)
                gone += connection.execute(delete(EVENTS).where(of_session)).rowcount
                connection.execute(delete(SLATES).where(SLATES.c.session_id == session_id))
        self._forget_in_files()
        return Erased(gone, tuple(found))

    def prune_slates(self, before: float) -> int:
        """Delete the slates served before a time (seconds since 1970) and return how many there were.

        Events stay. A portion at a time, so that writers get in between. Raises EventLogError.
        """
        if not self.database.exists():
            return 0
        oldest = select(SLATES.c.rec_id).where(SLATES.c.served_at < before).limit(PRUNED_AT_ONCE)
        gone, portion = 0, PRUNED_AT_ONCE
        while portion == PRUNED_AT_ONCE:
            with self.database.writing() as connection:
                portion = connection.execute(delete(SLATES).where(SLATES.c.rec_id.in_(oldest))).rowcount
            gone += portion
        return gone

    def mentions(self, ids: Sequence[str]) -> int:
        """Return how many rows name a user or session of these. Raises EventLogError."""
        if not self.database.exists():
            return 0
        with self.database.reading() as connection:
            return report.mentions(connection, ids)

    def erasures(self) -> dict[str, float]:
        """Return digests of erased users and sessions, and when that was (seconds since 1970). Raises EventLogError."""
        if not self.database.exists():
            return {}
        with self.database.reading() as connection:
            rows = connection.execute(select(ERASURES.c.digest, ERASURES.c.erased_at)).all()
            return {row[0]: row[1] for row in rows}

    def position(self) -> int:
        """Return the number of the last row, 0 where there is none. Raises EventLogError."""
        if not self.database.exists():
            return 0
        with self.database.reading() as connection:
            return last_position(connection)

    def batches(self, names: Sequence[str], position: int) -> Iterator[list[tuple[Any, ...]]]:
        """Read the named columns of the events up to row `position`, in order; sessions have their user where joined.

        Raises EventLogError.
        """
        user = func.coalesce(EVENTS.c.user_id, MERGES.c.user_id).label("user_id")
        columns = [user if name == "user_id" else EVENTS.c[name] for name in names]
        joined = EVENTS.outerjoin(MERGES, EVENTS.c.session_id == MERGES.c.session_id)
        done = 0
        if not position:
            return
        with self.database.reading() as connection:
            while done < position:
                page = (
                    select(EVENTS.c.position_in_log, *columns)
                    .select_from(joined)
                    .where(EVENTS.c.position_in_log > done, EVENTS.c.position_in_log <= position)
                    .order_by(EVENTS.c.position_in_log)
                    .limit(BATCH_ROWS)
                )
                rows = [tuple(row) for row in connection.execute(page)]
                if not rows:
                    return
                done = rows[-1][0]
                yield [row[1:] for row in rows]

    def counts(self) -> dict[str, Any]:
        """Return what the log holds; see `report.counts`. Raises EventLogError."""
        with self.database.reading() as connection:
            return report.counts(connection)

    def attributed(self) -> list[report.Attributed]:
        """Return what came of the slates that were served; see `report.attributed`. Raises EventLogError."""
        with self.database.reading() as connection:
            return report.attributed(connection)

    def outcomes(self, since: float) -> list[Outcome]:
        """Return what came of each placement since a time; see `outcomes.outcomes`. Raises EventLogError."""
        if not self.database.exists():
            return []
        with self.database.snapshot() as connection:
            return outcomes.outcomes(connection, since)

    def top_items(self, since: float, placement: str | None = None) -> list[ItemOutcome]:
        """Return the items that recommendations sold most; see `outcomes.top_items`. Raises EventLogError."""
        if not self.database.exists():
            return []
        with self.database.snapshot() as connection:
            return outcomes.top_items(connection, since, placement)

    def close(self) -> None:
        """Let all connections go."""
        self.database.close()

    def _insert_of(self, table: Any) -> Any:
        return (sqlite if self.database.is_sqlite else postgresql).insert(table)

    def _insert(self, table: Any, key: str) -> Any:
        return self._insert_of(table).on_conflict_do_nothing(index_elements=[key])

    def _forget_in_files(self) -> None:
        """Empty SQLite's write-ahead log, where deleted rows would stay readable until it is written over."""
        if self.database.is_sqlite:
            with self.database.reading() as connection:
                connection.commit()
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]


def erasure_digest(kind: str, given_id: str) -> str:
    """Return what stands for an erased user or session: the log must not keep the id itself."""
    return hashlib.sha256(f"{kind}:{given_id}".encode()).hexdigest()


def last_position(connection: Connection) -> int:
    """Return the number of the last row that was ever written, as far as it is still known."""
    of_events = connection.scalar(select(func.max(EVENTS.c.position_in_log))) or 0
    of_erasures = connection.scalar(select(func.max(ERASURES.c.position_in_log))) or 0
    return max(int(of_events), int(of_erasures))


def _slate_row(slate: ServedSlate) -> dict[str, Any]:
    row = {field.name: getattr(slate, field.name) for field in fields(slate)}  # asdict would copy every item
    return row | {"anchors": orjson.dumps(slate.anchors).decode(), "items": orjson.dumps(slate.items).decode()}


OF_USER, OF_SESSION, JOINED, ERASED = "user", "session", "joined", "erased"


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=EVENTS.c.event.type)


def _events_of(kind: str, whose: Any) -> Select[Any]:
    """Select the latest events of somebody after the bundle's data."""
    latest = (
        select(
            literal(kind).label("kind"),
            EVENTS.c.item_id.label("id"),
            EVENTS.c.event,
            EVENTS.c.timestamp,
            EVENTS.c.quantity,
            EVENTS.c.position_in_log,
        )
        .where(whose, EVENTS.c.position_in_log > bindparam("after"), EVENTS.c.timestamp > bindparam("later"))
        .order_by(EVENTS.c.position_in_log.desc())
        .limit(MOST_RECENT)
        .subquery()
    )
    return select(latest)


def _marks(kind: str, column: Any, *where: Any) -> Select[Any]:
    nothing = [null().label(name) for name in ("event", "timestamp", "quantity", "position_in_log")]
    return select(literal(kind).label("kind"), column.label("id"), *nothing).where(*where)


_JOINED = select(MERGES.c.session_id).where(MERGES.c.user_id == _text("user"))

RECENT = union_all(  # events first: their columns have types, in PostgreSQL NULL has none
    _events_of(OF_USER, EVENTS.c.user_id == _text("user")),
    _events_of(OF_USER, EVENTS.c.session_id.in_(_JOINED) & EVENTS.c.user_id.is_(None)),
    _events_of(OF_SESSION, EVENTS.c.session_id == _text("session")),
    _marks(JOINED, MERGES.c.session_id, MERGES.c.user_id == _text("user")),
    _marks(
        ERASED,
        ERASURES.c.digest,
        ERASURES.c.digest.in_([_text("user_digest"), _text("session_digest")]),
        ERASURES.c.position_in_log >= bindparam("erased"),
    ),
)
"""One round trip tells all that an answer needs; rows are told apart by `kind`."""


def _recent(rows: Sequence[Any], asked: dict[str, Any]) -> Recent:
    if not rows:
        return NOTHING_RECENT
    events = {row[5]: row for row in rows if row[0] in (OF_USER, OF_SESSION)}  # one may be the user's and the session's
    kinds = {row[0] for row in rows}
    erased = {row[1] for row in rows if row[0] == ERASED}
    latest = (events[position] for position in sorted(events)[-MOST_RECENT:])
    return Recent(
        events=tuple(RecentEvent(row[1], row[2], row[3], 1.0 if row[4] is None else row[4]) for row in latest),
        sessions=tuple(row[1] for row in rows if row[0] == JOINED),
        user_active=OF_USER in kinds,
        session_active=OF_SESSION in kinds,
        user_erased=asked["user_digest"] in erased,
        session_erased=asked["session_digest"] in erased,
    )
