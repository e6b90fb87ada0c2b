"""The file of refused rows: where each stood, why, and how it looked."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from recommender.errors import StoreError
from recommender.ingest.checks import Reason, Reasons
from recommender.ingest.report import SourceReport
from recommender.ingest.sources import Batch, Refusal

MAX_WRITTEN = 1_000_000
MAX_ROW_CHARACTERS = 4_096


class RefusedRows:
    """Writes refused rows as CSV with the columns source, line, reason, row; no row, no file.

    Every run starts anew. Beyond a million rows they are counted only: by then the file has said what it can.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        self.example: Refusal | None = None
        self._stream: IO[str] | None = None
        with suppress(FileNotFoundError):
            path.unlink()

    def take(self, batch: Batch, reasons: Reasons, counts: SourceReport) -> None:
        """Count the rows of a batch as read, and write and count those that are refused."""
        refusals = _refusals(batch, reasons)
        counts.read += batch.columns.num_rows + len(batch.refused)
        counts.refused.update(refusal.reason for refusal in refusals)
        if refusals and self.example is None:
            self.example = refusals[0]
        for refusal in refusals[: MAX_WRITTEN - self.written]:
            if self._stream is None:
                self._stream = self._open()
                self._writer.writerow(["source", "line", "reason", "row"])
            self._writer.writerow([counts.name, refusal.line, refusal.reason, refusal.row[:MAX_ROW_CHARACTERS]])
            self.written += 1

    def _open(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            stream = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise StoreError(f"{self.path}: refused rows can't be written: {error.strerror}") from None
        self._writer = csv.writer(stream)
        return stream

    def __enter__(self) -> RefusedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def _refusals(batch: Batch, reasons: Reasons) -> list[Refusal]:
    """Return the refused rows of a batch in order of lines, those included that never became columns."""
    rows = np.flatnonzero(reasons != Reason.FINE).tolist()
    judged = [Refusal(int(batch.lines[i]), Reason(reasons[i]).code, batch.row_text(i)) for i in rows]
    return sorted([*batch.refused, *judged], key=lambda refusal: refusal.line)
