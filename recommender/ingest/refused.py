"""The file of refused rows: where each stood, why, and how it looked."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from recommender.errors import StoreError
from recommender.ingest.checks import Reason, Reasons
from recommender.ingest.source import Batch, Refusal

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

    def write(self, source: str, refusals: Iterable[Refusal]) -> None:
        """Append refused rows of one source."""
        for refusal in refusals:
            if self.example is None:
                self.example = refusal
            if self.written >= MAX_WRITTEN:
                return
            if self._stream is None:
                self._stream = self._open()
                self._writer.writerow(["source", "line", "reason", "row"])
            self._writer.writerow([source, refusal.line, refusal.reason, refusal.row[:MAX_ROW_CHARACTERS]])
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


def refusals_of(batch: Batch, reasons: Reasons) -> list[Refusal]:
    """Return the refused rows of a batch in order of lines, those included that never became columns."""
    rows = np.flatnonzero(reasons != Reason.FINE).tolist()
    judged = [Refusal(int(batch.lines[i]), Reason(reasons[i]).code, batch.row_text(i)) for i in rows]
    return sorted([*batch.refused, *judged], key=lambda refusal: refusal.line)
