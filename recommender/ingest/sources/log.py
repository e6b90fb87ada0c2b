"""The event log as a source: its rows up to a position that is fixed when the source is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from recommender.event_log import EventLog
from recommender.ingest.sources.source import Batch, table_batch

TYPES = {
    "item_id": pa.string(),
    "user_id": pa.string(),
    "session_id": pa.string(),
    "event": pa.string(),
    "timestamp": pa.int64(),
    "event_id": pa.string(),
    "quantity": pa.float64(),
    "price": pa.float64(),
    "currency": pa.string(),
    "order_id": pa.string(),
    "rec_id": pa.string(),
}


class LogSource:
    """The rows of an event log up to `position`; sessions that were joined to a user count as the user's."""

    rows: None = None

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.position = log.position()

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self._log.database.name

    def columns(self) -> list[str]:
        """Return the names of its columns, which are ours."""
        return list(TYPES)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns, in order of the rows."""
        first = 1
        for rows in self._log.batches(columns, self.position):
            arrays = [
                pa.array(values, TYPES[name]) for name, values in zip(columns, zip(*rows, strict=True), strict=True)
            ]
            yield table_batch(pa.RecordBatch.from_arrays(arrays, names=list(columns)), first)
            first += len(rows)
