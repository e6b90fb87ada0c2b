"""Sources with our columns to tables of rows that can be used: judged as `check` judges them, batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from recommender.config import Config
from recommender.dataset import NO_TIME, OWNERSHIP_TYPES, RETURN
from recommender.errors import DataError
from recommender.ingest.catalogue import as_text, judge_items
from recommender.ingest.checks import Reason, Reasons
from recommender.ingest.columns import Column
from recommender.ingest.event_rows import UNWEIGHTED, EventRows, judge_events
from recommender.ingest.events import note_ids
from recommender.ingest.refused import RefusedRows
from recommender.ingest.report import IngestReport, SourceReport
from recommender.ingest.sources import Batch, Source
from recommender.progress import Progress

UNWEIGHTED_TYPES = ("add_to_wishlist", "begin_checkout", "remove_from_cart")
"""Kept although nothing weighs them by default: a shop may yet give them a weight."""

TIME = pa.timestamp("s", "UTC")


@dataclass
class Converter:
    """Turns sources into tables; `hash_users` replaces user ids by their SHA-256 in hexadecimal digits.

    No event may lie more than a day beyond `now`, in seconds since 1970.
    """

    config: Config
    report: IngestReport
    now: int
    progress: Progress
    hash_users: bool = False

    def events(self, source: Source, refused: RefusedRows) -> Iterator[pa.Table]:
        """Yield the events of a source that can be used, with canonical names of events, and count the others.

        Raises
        ------
        DataError
            If the source can't be read.
        """
        types = tuple(dict.fromkeys([*self.config.event_weights, *UNWEIGHTED_TYPES, RETURN, *OWNERSHIP_TYPES]))
        counts = SourceReport(source.name)
        self.report.events.append(counts)
        before = sum(earlier.read for earlier in self.report.events)
        for batch in source.batches(source.columns()):
            columns = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
            try:
                rows = judge_events(columns, batch.columns.num_rows, types, self.now)
            except DataError as error:
                raise DataError(f"{source.name}: {error}") from None
            self._count(batch, counts, refused, rows.reasons)
            counts.used += int(rows.keep.sum())
            counts.left_out += rows.left_out
            counts.guest_returns += rows.guest_returns
            for name, ids in (("user_id", rows.user), ("session_id", rows.session), ("item_id", rows.item)):
                note_ids(self.report, f"events: {name}", ids, rows.keep)
            yield self._event_table(rows, columns, types)
            self.progress("reading events", before + counts.read, None)

    def catalogue(self, source: Source, refused: RefusedRows) -> Iterator[pa.Table]:
        """Yield the items of a source that can be used, and count the others; raises DataError as `events`."""
        counts = SourceReport(source.name)
        self.report.catalogue.append(counts)
        before = sum(earlier.read for earlier in self.report.catalogue)
        for batch in source.batches(source.columns()):
            columns = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
            ids, typed, reasons = judge_items(columns)
            fine = reasons == Reason.FINE
            self._count(batch, counts, refused, reasons)
            counts.used += int(fine.sum())
            note_ids(self.report, "catalogue: item_id", ids, fine)
            if "created_at" in typed:
                typed["created_at"] = typed["created_at"].cast(TIME)
            known: dict[str, Column] = {"item_id": ids.text(), **typed}
            kept = {name: known[name] if name in known else as_text(column) for name, column in columns.items()}
            yield pa.table(kept).filter(pa.array(fine))
            self.progress("reading catalogue", before + counts.read, None)

    def _count(self, batch: Batch, counts: SourceReport, refused: RefusedRows, reasons: Reasons) -> None:
        refused.take(batch, reasons, counts)
        counts.left_out.update(batch.left_out)
        counts.read += sum(batch.left_out.values())
        for note in batch.notes:
            self.report.note(note)

    def _event_table(self, rows: EventRows, columns: dict[str, Column], types: tuple[str, ...]) -> pa.Table:
        names = np.array([*types, *[""] * (UNWEIGHTED + 1 - len(types))], dtype=object)
        made: dict[str, Callable[[], Column]] = {
            "user_id": lambda: self._users(rows.user.text()),
            "session_id": rows.session.text,
            "item_id": rows.item.text,
            "order_id": rows.order.text,
            "event": lambda: pa.array(names[rows.event_type], pa.string()),
            "timestamp": lambda: pa.array(rows.time, mask=rows.time == NO_TIME).cast(TIME),
            "quantity": lambda: pa.array(rows.quantity.astype(np.float64)),
            "price": lambda: pa.array(rows.price, mask=np.isnan(rows.price)),
        }
        kept = {name: made[name]() if name in made else as_text(column) for name, column in columns.items()}
        return pa.table(kept).filter(pa.array(rows.keep))

    def _users(self, users: Column) -> Column:
        if not self.hash_users:
            return users
        encoded = users.dictionary_encode()
        digests = [hashlib.sha256(user.encode()).hexdigest() for user in encoded.dictionary.to_pylist()]
        return pa.array(digests, pa.string()).take(encoded.indices)
