"""The record of a run: one JSON file per run in STORE/runs, true at any moment, so that a killed run has one too.

Runs are numbered like versions, whatever the clock says. The record is replaced after every stage; one that still says
"running" while nobody holds the lock is of a run that was killed, and the next run says so in it.
"""

from __future__ import annotations

import getpass
import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from recommender.bundle.runs import RUNS, records
from recommender.bundle.store import replace_file
from recommender.errors import AlsoboughtError, disk_errors
from recommender.pipeline.free_memory import give_back_free_memory

RUNNING, KILLED = "running", "killed"
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Stage:
    """What a stage took; `rows` is what it worked through, memory that of the process at its end and at its peak."""

    name: str
    seconds: float = 0.0
    rows: int | None = None
    memory_bytes: int = 0
    peak_bytes: int = 0


@dataclass
class RunRecord:
    """What a run did, found and decided.

    `outcome` is promoted, published, dry run, refused, stopped (told to), failed, running or killed; `options` are
    those that make it no plain run; `overruled` says who overruled what.
    """

    run: int
    started_at: str
    outcome: str = RUNNING
    exit_code: int | None = None
    message: str = ""
    version: str | None = None
    live_before: str | None = None
    ended_at: str | None = None
    options: list[str] = field(default_factory=list)
    resumed_after: str | None = None
    overruled: list[str] = field(default_factory=list)
    verdict: str = ""
    stages: list[Stage] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    gate: dict[str, Any] = field(default_factory=dict)
    figure: dict[str, Any] = field(default_factory=dict)
    live_since_cut: dict[str, Any] | None = None
    guardrails: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    host: str = field(default_factory=platform.node)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON types."""
        return asdict(self)


class RunLog:
    """The record that is being written, and the folder of those before."""

    def __init__(self, store: Path, options: list[str]) -> None:
        self.folder = store / RUNS
        with disk_errors(self.folder):
            self.folder.mkdir(exist_ok=True)
        earlier = records(store)
        for killed in (one for one in earlier if one["outcome"] == RUNNING):
            self._write({**killed, "outcome": KILLED})
        number = max((int(one["run"]) for one in earlier), default=0) + 1
        self.record = RunRecord(number, _now(), options=options)
        self.save()

    def save(self) -> None:
        """Replace the file by what the record says now."""
        self._write(self.record.to_dict())

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time a stage and take its memory; the record has it once it is done."""
        stage = Stage(name)
        start = time.perf_counter()
        yield stage
        stage.seconds = round(time.perf_counter() - start, 3)
        give_back_free_memory()
        stage.memory_bytes = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        stage.peak_bytes = max(peak, stage.memory_bytes)  # the kernel counts it late
        self.record.stages.append(stage)
        self.save()

    def end(self, outcome: str, *, exit_code: int = 0, message: str = "") -> None:
        """Say how the run ended."""
        self.record.outcome, self.record.exit_code, self.record.message = outcome, exit_code, message
        self.record.ended_at = _now()
        self.save()

    def _write(self, record: dict[str, Any]) -> None:
        path = self.folder / f"{record['run']:05d}.json"
        with disk_errors(path):
            replace_file(path, orjson.dumps(record, option=JSON))


JSON = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY


def who() -> str:
    """Return who runs this, as the machine knows: user@host, and the user behind sudo."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    behind = os.environ.get("SUDO_USER")
    return f"{user}@{platform.node()}" + (f" (sudo by {behind})" if behind else "")


def outcome_of(error: BaseException) -> tuple[str, int, str]:
    """Return outcome, exit code and message of a run that an error ended."""
    match error:
        case AlsoboughtError():
            return OUTCOMES.get(error.exit_code, "failed"), error.exit_code, str(error)
        case KeyboardInterrupt():
            return "stopped", 130, "interrupted"
    return "failed", 1, f"{type(error).__name__}: {error}"


OUTCOMES = {4: "refused", 130: "stopped"}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
