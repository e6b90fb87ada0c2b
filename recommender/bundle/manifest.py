"""What a bundle says of itself."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from recommender.config import Config
from recommender.models import ChanceCurve

SCHEMA_VERSION = 9
UNPUBLISHED = "unpublished"


class FileEntry(BaseModel):
    """Size and digest of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int
    sha256: str


class Schema(BaseModel):
    """What every manifest has, of whatever schema."""

    schema_version: int


class SourceState(BaseModel):
    """How many rows of a source were used, and the time of its last event (RFC 3339), None without times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    last_time: str | None


class Manifest(BaseModel):
    """manifest.json: sizes, digests, origin and measurements of one version.

    `created_at` and `as_of` are RFC 3339 (UTC); `as_of` is the time of the last event that is no return, None without
    times. `withheld` counts the events that do not train, by the limit of `[influence]`; `burst_items` are those that
    most newcomers beyond the expected came for. `events_by_type` and `sources` (by name) are what the next run compares
    its data with. `main_event` is the event type that counts as the shop's goal. `metrics` are those of the split
    before the final fit, `index_recall` the share of the true best 20 that each index finds. `solver` is what fitted
    ALS, `weights` what its regularization and unobserved weight came to, and `warm_start` the version whose item
    factors it started from, if any; `refreshed_from` is the version that was folded into, None after a training, and
    then `metrics` are those of that version. `log_position` is the last row of the event log that was read, None where
    it was no source. `calibrations` turn the scores of a source into chances, by placement and step of its ladder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    version: str = UNPUBLISHED
    created_at: str
    as_of: str | None
    main_event: str
    n_users: int
    n_sessions: int
    n_items: int
    n_events: int
    withheld: dict[str, int] = {}
    burst_items: list[str] = []
    events_by_type: dict[str, int] = {}
    sources: dict[str, SourceState] = {}
    data_sha256: str
    config: dict[str, Any]
    metrics: dict[str, float] = {}
    verdict: str = ""
    index_recall: dict[str, float] = {}
    solver: str = ""
    weights: dict[str, float] = {}
    calibrations: dict[str, ChanceCurve] = {}
    warm_start: str | None = None
    refreshed_from: str | None = None
    log_position: int | None = None
    libraries: dict[str, str] = {}
    files: dict[str, FileEntry] = {}

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON types."""
        return self.model_dump(mode="json")

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(entry.bytes for entry in self.files.values())


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One line of `models list`; `problem` is set, and the figures are not, where the manifest can't be read."""

    version: str
    live: bool
    created_at: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    n_users: int | None = None
    n_items: int | None = None
    n_events: int | None = None
    bytes: int | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON types."""
        return asdict(self)


def config_record(config: Config) -> dict[str, Any]:
    """Return the configuration as it may be kept: passwords in database URLs are struck out."""
    return {
        name: _without_passwords(section) for name, section in config.model_dump(mode="json", by_alias=True).items()
    }


def _without_passwords(value: Any) -> Any:
    if isinstance(value, str):
        value = re.sub(r"(://[^:/]*):.*@", r"\1:***@", value)  # as wide as SQLAlchemy reads users and passwords
        return re.sub(r"((?i:[?&]\w*(?:pass|pwd)\w*=))[^&]*", r"\1***", value)
    if isinstance(value, dict):
        return {key: _without_passwords(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_passwords(part) for part in value]
    return value
