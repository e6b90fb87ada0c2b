"""Collects judged events, batch by batch, as compact arrays, and turns them into `Events` at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike, NDArray

from recommender.config import Config, EventsColumns
from recommender.dataset import NO_TIME, OWNERSHIP_TYPES, RETURN, Events, IdMap, hash_rows, mapped, taken
from recommender.errors import DataError
from recommender.event_log import erasure_digest
from recommender.ingest.column_names import find_columns
from recommender.ingest.event_rows import EventRows, judge_events
from recommender.ingest.ids import MISSING, IdColumn, IdEncoder, hash_ids, read_ids
from recommender.ingest.refused import RefusedRows
from recommender.ingest.report import IngestReport, SourceReport, count_removed
from recommender.ingest.sources import LogSource, Source
from recommender.progress import Progress

UNUSED = ("currency", "rec_id")
GROWTH = 1.25

TYPES = {
    "user": np.int32,
    "session": np.int32,
    "order": np.uint64,
    "item": np.int32,
    "event_type": np.uint8,
    "time": np.int64,
    "quantity": np.float32,
    "price": np.float32,
    "event_id": np.uint64,
    "is_test": np.bool_,
}
"""What is kept per event until the end; orders and event ids as hashes, 0 where there is none."""


class GrowingArray:
    """Collects batches of one column in place, without a second copy at the end; `finish` gives it as one array.

    A column that has one value throughout takes no memory, also once it is finished; see `dataset.taken`.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._values: NDArray[Any] = np.zeros(0, dtype=dtype)
        self._usual: NDArray[Any] = np.zeros(1, dtype=dtype)
        self._size = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Append values."""
        values, size = values.astype(self._values.dtype, copy=False), self._size + len(values)
        if not self._size and len(values):
            self._usual[:] = values[0]
        if len(self._values) or not self._is_usual(values):
            if size > len(self._values):
                # Nobody else refers to it, so the memory may be extended where it is.
                filled = len(self._values)
                self._values.resize(int(size * GROWTH), refcheck=False)
                self._values[filled : self._size] = self._usual
            self._values[self._size : size] = values
        self._size = size

    def finish(self) -> NDArray[Any]:
        """Return all values; nothing can be appended afterwards."""
        if not len(self._values):
            return np.broadcast_to(self._usual[0], self._size)
        self._values.resize(self._size, refcheck=False)
        return self._values

    def _is_usual(self, values: NDArray[Any]) -> bool:
        bits = f"u{values.itemsize}"  # NaN does not equal itself
        return bool((values.view(bits) == self._usual.view(bits)).all())


@dataclass
class EventsReader:
    """Reads the events of all sources.

    `items` is shared with the catalogue; no event may lie more than a day beyond `now` (seconds since 1970). `erased`
    says when each user or session, by its digest, was erased: their earlier events are left out.
    """

    config: Config
    items: IdEncoder
    report: IngestReport
    now: int
    erased: Mapping[str, float] = field(default_factory=dict)
    users: IdEncoder = field(default_factory=IdEncoder)
    sessions: IdEncoder = field(default_factory=IdEncoder)
    _columns: dict[str, GrowingArray] = field(default_factory=lambda: {n: GrowingArray(t) for n, t in TYPES.items()})
    _timed: dict[bool, str] = field(default_factory=dict)

    @property
    def types(self) -> tuple[str, ...]:
        """The event types that are read: those with a weight, returns, and what says that a user owns something."""
        return tuple(dict.fromkeys([*self.config.event_weights, RETURN, *OWNERSHIP_TYPES]))

    def read(
        self, source: Source, refused: RefusedRows, progress: Progress, total: int | None, *, is_test: bool = False
    ) -> None:
        """Read one source to its end, as test events if told so; raises DataError where it can't be read at all."""
        theirs = EventsColumns() if isinstance(source, LogSource) else self.config.data.events_columns
        found = find_columns(source, theirs, "events")
        self._read(source, found, refused, progress, total, is_test=is_test)

    def read_ownership(self, source: Source, refused: RefusedRows, progress: Progress, total: int | None) -> None:
        """Read a file of ownership facts as the events that they are: their source is the event type."""
        found = find_columns(source, self.config.data.ownership_columns, "ownership")
        if "source" not in found:
            name = self.config.data.ownership_columns.source
            raise DataError(f"{source.name}: no column {name!r}; ownership says where from: order, import, gift, …")
        found["event"] = found.pop("source")
        self._read(source, found, refused, progress, total, facts=True)

    def _read(
        self,
        source: Source,
        found: dict[str, str],
        refused: RefusedRows,
        progress: Progress,
        total: int | None,
        *,
        is_test: bool = False,
        facts: bool = False,
    ) -> None:
        names = {our: theirs for our, theirs in found.items() if our not in UNUSED}
        self._note_absent(source, names)
        before = sum(earlier.read for earlier in self.report.events)
        counts = SourceReport(source.name)
        self.report.events.append(counts)
        for batch in source.batches(list(dict.fromkeys(names.values()))):
            columns = {our: batch.columns.column(theirs) for our, theirs in names.items()}
            try:
                rows = judge_events(columns, batch.columns.num_rows, self.types, self.now, facts=facts)
            except DataError as error:
                raise DataError(f"{source.name}: {error}") from None
            event_ids = read_ids(columns["event_id"]) if "event_id" in columns else None
            self._keep(rows, event_ids, is_test=is_test)
            self._note_ids(rows)
            refused.take(batch, rows.reasons, counts)
            counts.used += int(rows.keep.sum())
            counts.last_time = _later(counts.last_time, rows.time[rows.keep])
            counts.left_out += rows.left_out
            counts.guest_returns += rows.guest_returns
            progress("reading events", before + counts.read, total)

    def finish(self) -> tuple[Events, NDArray[np.bool_], IdMap, IdMap]:
        """Return the events in order of time, which of them are test events, and the id maps of users and sessions.

        Their items are integers of `items`, not yet ranks.
        """
        columns = {name: self._columns.pop(name).finish() for name in TYPES}
        if columns["event_id"].any():
            self._drop_repeated(columns)
        if self.erased:
            self._drop_erased(columns)
        columns["order"], n_orders = _order_codes(columns["order"])
        self.report.duplicates = count_duplicates(columns)
        del columns["event_id"]
        users, columns["user"] = _ranked(self.users, columns["user"])
        sessions, columns["session"] = _ranked(self.sessions, columns["session"])
        if not is_sorted(columns["time"]):
            by_time = np.argsort(columns["time"], kind="stable")
            columns = {name: taken(columns.pop(name), by_time) for name in list(columns)}
        events = Events(
            user=columns["user"],
            session=columns["session"],
            order=columns["order"],
            item=columns["item"],
            event_type=columns["event_type"],
            time=columns["time"],
            quantity=columns["quantity"],
            price=columns["price"],
            event_types=self.types,
            n_users=len(users),
            n_sessions=len(sessions),
            n_orders=n_orders,
        )
        return events, columns["is_test"], users, sessions

    def _keep(self, rows: EventRows, event_ids: IdColumn | None, *, is_test: bool) -> None:
        keep = rows.keep
        number = int(keep.sum())
        kept: dict[str, NDArray[Any]] = {
            "user": self.users.encode(rows.user, keep),
            "session": self.sessions.encode(rows.session, keep),
            "order": hash_ids(rows.order, keep),
            "item": self.items.encode(rows.item, keep),
            "event_type": rows.event_type[keep],
            "time": rows.time[keep],
            "quantity": rows.quantity[keep],
            "price": rows.price[keep].astype(np.float32),
            "event_id": np.zeros(number, np.uint64) if event_ids is None else hash_ids(event_ids, keep),
            "is_test": np.full(number, is_test),
        }
        for name, values in kept.items():
            self._columns[name].extend(values)

    def _drop_repeated(self, columns: dict[str, NDArray[Any]]) -> None:
        """Keep the first of the events with the same event_id."""
        event_ids = columns["event_id"]
        repeated = pd.Series(event_ids).duplicated().to_numpy() & (event_ids != 0)
        if not repeated.any():
            return
        count_removed(self.report.events, repeated, "repeated_ids")
        for name in columns:
            columns[name] = taken(columns[name], ~repeated)

    def _drop_erased(self, columns: dict[str, NDArray[Any]]) -> None:
        """Leave out what users and sessions did before they were erased; what they did later is theirs again."""
        gone = np.zeros(len(columns["time"]), dtype=bool)
        for kind, ids in (("user", self.users), ("session", self.sessions)):
            erased_at = [self.erased.get(erasure_digest(kind, text), np.nan) for text in ids.texts]
            gone |= columns["time"] <= np.array([*erased_at, np.nan])[columns[kind]]  # nothing is before NaN
        if not gone.any():
            return
        count_removed(self.report.events, gone, "erased")
        self.report.note(f"{int(gone.sum()):,} events of users who were erased are left out")
        for name in columns:
            columns[name] = taken(columns[name], ~gone)

    def _note_absent(self, source: Source, names: Mapping[str, str]) -> None:
        self._timed["timestamp" in names] = source.name
        if len(self._timed) > 1:
            with_times, without = self._timed[True], self._timed[False]
            raise DataError(f"{without}: has no timestamp column but {with_times} has one; times are for all or none")
        if "event" not in names:
            self.report.note("no event column: every row counts as a purchase")
        if "timestamp" not in names:
            self.report.note("no timestamp column: nothing decays, and evaluation splits at random")

    def _note_ids(self, rows: EventRows) -> None:
        for name, column in (("user_id", rows.user), ("session_id", rows.session), ("item_id", rows.item)):
            note_ids(self.report, f"events: {name}", column, rows.keep)


def note_ids(report: IngestReport, name: str, column: IdColumn, rows: NDArray[np.bool_]) -> None:
    """Note what is odd about ids that are used all the same."""
    if column.from_floats and column.codes[rows].max(initial=MISSING) >= 0:
        report.note(f"{name}: numbers with a decimal point are read without it (17850.0 is 17850)")
    if column.has_spaced(rows):
        report.note(f"{name}: some ids begin or end with white space, which is kept as part of the id")


def count_duplicates(columns: Mapping[str, NDArray[Any]]) -> int:
    """Count the rows that equal an earlier one in every column (by a 64-bit hash)."""
    mixed = hash_rows(list(columns.values()))
    mixed.sort()
    return int(np.count_nonzero(mixed[1:] == mixed[:-1]))


def is_sorted(values: NDArray[Any]) -> bool:
    """Say whether no value is smaller than the one before."""
    return bool((values[1:] >= values[:-1]).all())


def _later(last: int | None, times: NDArray[np.int64]) -> int | None:
    newest = int(times.max(initial=NO_TIME))
    return last if newest == NO_TIME else max(newest, last or newest)


def _ranked(ids: IdEncoder, codes: NDArray[np.int32]) -> tuple[IdMap, NDArray[np.int32]]:
    seen = np.zeros(len(ids) + 1, dtype=bool)
    seen[codes] = True
    id_map, ranks = ids.finish(seen[:-1])
    return id_map, mapped(codes, ranks)


def _order_codes(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int32], int]:
    """Return dense integers, MISSING where the hash is 0, and how many there are."""
    if not hashes.any():
        return np.broadcast_to(np.int32(MISSING), len(hashes)), 0
    present = hashes != 0
    found, distinct = pd.factorize(hashes[present])
    codes = np.full(len(hashes), MISSING, dtype=np.int32)
    codes[present] = found
    return codes, len(distinct)
