"""What reading the data met: the numbers that `alsobought check` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass
class SourceReport:
    """Counts of one source; `read` is the sum of all the others.

    `left_out` counts rows by event type that has no weight, `repeated_ids` rows whose event_id (or, in a catalogue,
    item_id) stood before or stands again, `guest_returns` returns by nobody known, `erased` rows of erased users.
    `last_time` is that of the last event used, in seconds since 1970, None without times.
    """

    name: str
    read: int = 0
    used: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    repeated_ids: int = 0
    guest_returns: int = 0
    erased: int = 0
    last_time: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-able values."""
        return {
            "name": self.name,
            "read": self.read,
            "used": self.used,
            "refused": dict(self.refused.most_common()),
            "left_out": dict(self.left_out.most_common()),
            "repeated_ids": self.repeated_ids,
            "guest_returns": self.guest_returns,
            "erased": self.erased,
            "last_time": self.last_time,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> SourceReport:
        """Return the counts that `to_dict` gave."""
        return cls(**{**record, "refused": Counter(record["refused"]), "left_out": Counter(record["left_out"])})


@dataclass
class IngestReport:
    """What reading events and catalogue met.

    `duplicates` counts events that equal another one in every column (they are kept); `refused_files` names the file of
    refused rows by table ("events", "catalogue"), where there is one.
    """

    events: list[SourceReport] = field(default_factory=list)
    catalogue: list[SourceReport] = field(default_factory=list)
    duplicates: int = 0
    notices: list[str] = field(default_factory=list)
    refused_files: dict[str, str] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notices:
            self.notices.append(text)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "events": [source.to_dict() for source in self.events],
            "catalogue": [source.to_dict() for source in self.catalogue],
            "duplicates": self.duplicates,
            "notices": list(self.notices),
            "refused_files": dict(self.refused_files),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> IngestReport:
        """Return the report that `to_dict` gave."""
        sources = {name: [SourceReport.from_dict(one) for one in record[name]] for name in ("events", "catalogue")}
        return cls(**{**record, **sources})


def total(sources: list[SourceReport], name: str) -> SourceReport:
    """Return the sums over sources."""
    sums = SourceReport(name)
    for source in sources:
        sums.read += source.read
        sums.used += source.used
        sums.refused += source.refused
        sums.left_out += source.left_out
        sums.repeated_ids += source.repeated_ids
        sums.guest_returns += source.guest_returns
        sums.erased += source.erased
    return sums


def count_removed(
    sources: list[SourceReport], removed: NDArray[np.bool_], why: Literal["repeated_ids", "erased"]
) -> None:
    """Count rows as removed instead of used; the mask covers the used rows of all sources, one after the other."""
    stops = np.cumsum([source.used for source in sources])
    by_source = np.bincount(np.searchsorted(stops, np.flatnonzero(removed), side="right"), minlength=len(sources))
    for source, number in zip(sources, by_source.tolist(), strict=True):
        setattr(source, why, getattr(source, why) + number)
        source.used -= number
