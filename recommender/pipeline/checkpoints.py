"""What the stages of a run leave behind for `train --resume`: the data as read, what the gate said, the fitted version.

STORE/checkpoints/
  run.json      which run, configuration and live version they belong to, and when it began
  data/         events, ids and catalogue as arrays and Parquet, and check.json
  gate.json     figures and verdict
  fitted/       the fitted version, as it would be published

A checkpoint appears under its name when it is whole. A run that ends, however it ends by itself, removes them all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from recommender.bundle import Bundle, Store
from recommender.bundle.files import (
    ID_MAPS,
    check_files,
    load_array,
    load_ids,
    read_files,
    read_manifest,
    save_array,
    save_ids,
    write_files,
    write_manifest,
)
from recommender.bundle.manifest import SCHEMA_VERSION, UNPUBLISHED, config_record
from recommender.bundle.store import replace_file
from recommender.config import Config
from recommender.dataset import Catalogue, Dataset, Events
from recommender.errors import StoreError, disk_errors
from recommender.pipeline.check import CheckReport
from recommender.pipeline.fit import fingerprint
from recommender.pipeline.run_record import RunRecord
from recommender.version import __version__

FOLDER, FITTED = "checkpoints", "fitted"
STALE_HOURS = 24
SIZES = ("n_users", "n_sessions", "n_orders")


class Checkpoints:
    """The checkpoints of one run; each is kept by one method and given back, or None, by another."""

    def __init__(self, store: Store, config: Config, record: RunRecord, *, resume: bool) -> None:
        self.folder = store.path / FOLDER
        origin = _origin(store, config)
        begun = self._begun() if resume else None
        if (
            begun is not None
            and begun["origin"] == origin
            and _hours(begun["started_at"], record.started_at) < STALE_HOURS
        ):
            return
        self.remove()
        with disk_errors(self.folder):
            self.folder.mkdir()
            self._write("run.json", {"run": record.run, "started_at": record.started_at, "origin": origin})

    def keep_data(self, dataset: Dataset, check: CheckReport) -> None:
        """Keep what was read."""
        new, old = self.folder / "data.new", self.folder / "data"
        with disk_errors(new):
            for folder in (new, old):  # of a run that was killed here, or damaged
                shutil.rmtree(folder, ignore_errors=True)
            new.mkdir()
            for name in ID_MAPS:
                save_ids(new, name, getattr(dataset, name))
            _save_events(new / "events", dataset.events)
            if dataset.test is not None:
                _save_events(new / "test", dataset.test)
            pq.write_table(dataset.catalogue.table, new / "catalogue.parquet")
            (new / "check.json").write_bytes(
                orjson.dumps(
                    {
                        "check": check.to_dict(),
                        "sha256": fingerprint(dataset.events),
                        "log_position": dataset.log_position,
                    }
                )
            )
            new.rename(old)

    def data(self) -> tuple[Dataset, CheckReport] | None:
        """Return what was read, as it was then; None where it is not there or not whole."""
        folder = self.folder / "data"
        record = self._read("data/check.json")
        if record is None:
            return None
        try:
            events = _load_events(folder / "events")
            test = _load_events(folder / "test") if (folder / "test").exists() else None
            users, sessions, items = (load_ids(folder, name) for name in ID_MAPS)
            catalogue = Catalogue(pq.ParquetFile(folder / "catalogue.parquet").read())
        except (OSError, ValueError, KeyError):
            return None
        if fingerprint(events) != record["sha256"]:
            return None
        dataset = Dataset(users, sessions, items, events, catalogue, test, record["log_position"])
        return dataset, CheckReport.from_dict(record["check"])

    def keep_gate(self, said: Mapping[str, Any]) -> None:
        """Keep what the gate said, as JSON types."""
        with disk_errors(self.folder / "gate.json"):
            self._write("gate.json", said)

    def gate(self) -> dict[str, Any] | None:
        """Return what the gate said."""
        return self._read("gate.json")

    def keep_fitted(self, bundle: Bundle) -> None:
        """Keep the fitted version; nothing is synced, since its digests tell whether it is whole."""
        new, old = self.folder / f"{FITTED}.new", self.folder / FITTED
        with disk_errors(new):
            for folder in (new, old):
                shutil.rmtree(folder, ignore_errors=True)
            new.mkdir()
            manifest = bundle.manifest.model_copy(update={"version": FITTED, "files": write_files(bundle, new)})
            write_manifest(new, manifest)
            new.rename(old)

    def fitted(self) -> Bundle | None:
        """Return the fitted version, compared with its digests."""
        folder = self.folder / FITTED
        try:
            manifest = read_manifest(folder)
            check_files(folder, manifest, digests=True)
            unpublished = manifest.model_copy(update={"version": UNPUBLISHED, "files": {}})
            return replace(read_files(folder, manifest), manifest=unpublished)
        except StoreError:
            return None

    def remove(self) -> None:
        """Remove all checkpoints."""
        remove_checkpoints(self.folder.parent)

    def _begun(self) -> dict[str, Any] | None:
        found = self._read("run.json")
        return found if found is not None and {"origin", "started_at"} <= found.keys() else None

    def _write(self, name: str, record: Mapping[str, Any]) -> None:
        replace_file(self.folder / name, orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY))

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            found = orjson.loads((self.folder / name).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        return found if isinstance(found, dict) else None


def remove_checkpoints(store: Path) -> None:
    """Remove what a run has kept below a store's folder, if anything."""
    with disk_errors(store / FOLDER), suppress(FileNotFoundError):
        shutil.rmtree(store / FOLDER)


def _origin(store: Store, config: Config) -> dict[str, Any]:
    """Return what a checkpoint holds for: another program, configuration or live version needs another run."""
    record = orjson.dumps(config_record(config), option=orjson.OPT_SORT_KEYS)
    return {
        "program": __version__,
        "schema": SCHEMA_VERSION,
        "config_sha256": hashlib.sha256(record).hexdigest(),
        "live": store.current(),
    }


def _hours(then: str, now: str) -> float:
    return abs((datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()) / 3600


def _save_events(folder: Path, events: Events) -> None:
    folder.mkdir()
    for column in _columns():
        save_array(folder / f"{column}.npy", getattr(events, column))
    sizes = {"event_types": list(events.event_types), **{name: getattr(events, name) for name in SIZES}}
    (folder / "sizes.json").write_bytes(orjson.dumps(sizes))


def _load_events(folder: Path) -> Events:
    sizes = orjson.loads((folder / "sizes.json").read_bytes())
    columns: dict[str, Any] = {column: load_array(folder / f"{column}.npy") for column in _columns()}
    return Events(**columns, **{**sizes, "event_types": tuple(sizes["event_types"])})


def _columns() -> list[str]:
    return [field.name for field in fields(Events) if field.name not in ("event_types", *SIZES)]
