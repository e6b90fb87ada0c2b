"""forget: erase one user everywhere, prove it by searching every file, and leave a receipt.

The event log comes first: from then on answers leave the user out at once, and training does whatever its sources say.
Then the files of the project's own follow. Versions stay until their day has come; what they hold is not used.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from recommender.bundle import Store
from recommender.config import Config
from recommender.dataset.summary import rfc3339
from recommender.erasure import Hit, Receipt, Taken, Wanted, holding, purge, search, take_out, write_receipt
from recommender.erasure.receipt import FOLDER as RECEIPTS
from recommender.errors import ConfigError
from recommender.event_log import EventLog, erasure_digest
from recommender.matrix import SECONDS_PER_DAY
from recommender.pipeline.checkpoints import FOLDER as CHECKPOINTS
from recommender.pipeline.checkpoints import remove_checkpoints
from recommender.pipeline.exported import exported_files
from recommender.pipeline.run_record import who
from recommender.progress import Progress, silent

SIDE_FILES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A receipt, and the file it stands in."""

    receipt: Receipt
    path: str

    def to_dict(self) -> dict[str, Any]:
        """Return both as JSON types."""
        return {"receipt_file": self.path, **self.receipt.to_dict()}


def run(config: Config, user_id: str, *, at_once: bool = False, progress: Progress = silent) -> Forgotten:
    """Erase a user; `at_once` deletes the versions that hold the user without waiting, the live one excepted.

    It may be run again: what was done stays done, and the search is made anew.

    Raises
    ------
    ConfigError
        If there is no event log: nothing else remembers who was erased.
    LockHeldError
        If a training holds the store; the event log is done by then.
    StoreError
        If the log or the disk refuses.
    """
    if not config.serving.event_log:
        raise ConfigError("serving.event_log is empty: without an event log nothing remembers who was erased")
    if not user_id:
        raise ConfigError("--user: is empty")
    log, store, now = EventLog.at(config.serving.event_log, config.folder), Store(config.store_path), time.time()
    try:
        erased = log.erase(user_id)
        wanted = Wanted(user_id, erased.sessions)
        with store.locked():
            removed = [CHECKPOINTS] if (store.path / CHECKPOINTS).exists() else []
            remove_checkpoints(store.path)
            taken = list(_taken_out(config, wanted))
            days = 0.0 if at_once else config.privacy.purge_days
            erasures = log.erasures()
            removed += purge(store, erasures, now=time.time(), days=days)
            theirs = {erasure_digest("user", user_id), *(erasure_digest("session", one) for one in erased.sessions)}
            still = holding(store, {digest: at for digest, at in erasures.items() if digest in theirs})
            files = sorted(set(_files(config, store, log)))
            left = [*_left_in(files, wanted, store, still, progress), *_left_in_log(log, wanted)]
            receipt = Receipt(
                user_sha256=erasure_digest("user", user_id),
                requested_at=rfc3339(int(now)),
                by=who(),
                events=erased.events,
                sessions=len(erased.sessions),
                taken=taken,
                removed=removed,
                pending={
                    version: rfc3339(int(at + config.privacy.purge_days * SECONDS_PER_DAY))
                    for version, at in still.items()
                },
                files=len(files),
                bytes=sum(path.stat().st_size for path in files),
                left=left,
                not_ours=_sources(config),
            )
            return Forgotten(receipt, str(write_receipt(store.path, receipt)))
    finally:
        log.close()


def purge_erased(config: Config) -> list[str]:
    """Delete the versions that hold users whom anybody erased long enough ago; call it within the store's lock.

    Return the deleted names. Raises EventLogError, StoreError.
    """
    if not config.serving.event_log:
        return []
    log = EventLog.at(config.serving.event_log, config.folder)
    try:
        return purge(Store(config.store_path), log.erasures(), now=time.time(), days=config.privacy.purge_days)
    finally:
        log.close()


def _taken_out(config: Config, wanted: Wanted) -> Iterator[Taken]:
    for path in sorted({*_refused(config), *_named(config)}):
        taken = take_out(path, wanted)
        if taken is not None:
            yield taken


def _left_in(
    files: list[Path], wanted: Wanted, store: Store, still: dict[str, float], progress: Progress
) -> Iterator[Hit]:
    pending = tuple(store.path / version for version in still)
    for number, path in enumerate(files):
        if not any(path.is_relative_to(folder) for folder in pending):
            hit = search(path, wanted)
            if hit is not None:
                yield hit
        progress("searching files", number + 1, len(files))


def _left_in_log(log: EventLog, wanted: Wanted) -> list[Hit]:
    rows = log.mentions(wanted.ids)
    return [Hit(log.database.name, f"{rows:,} rows")] if rows else []


def _files(config: Config, store: Store, log: EventLog) -> Iterator[Path]:
    """Yield every file of the project's own, and those that `[privacy] files` names."""
    receipts = store.path / RECEIPTS
    yield from (path for path in store.path.rglob("*") if path.is_file() and receipts not in path.parents)
    yield from _refused(config)
    yield from _named(config)
    if log.database.is_sqlite:
        database = Path(str(log.database.url.database))
        sides = (database.with_name(f"{database.name}{side}") for side in SIDE_FILES)
        yield from (path for path in (database, *sides) if path.is_file())


def _refused(config: Config) -> Iterator[Path]:
    return (path for path in config.path(config.data.refused).rglob("*") if path.is_file())


def _named(config: Config) -> Iterator[Path]:
    """Yield the files that `export` wrote, and what the configuration names."""
    yield from exported_files(config.store_path)
    for pattern in config.privacy.files:
        path = config.path(pattern)
        yield from (found for found in path.parent.glob(path.name) if found.is_file())


def _sources(config: Config) -> list[str]:
    sources = config.data.events or []
    named = [sources] if isinstance(sources, str) else sources
    ours = config.serving.event_log
    return [make_url(one).render_as_string() if "://" in one else one for one in named if one != ours]
