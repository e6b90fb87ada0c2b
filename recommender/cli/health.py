"""What `doctor` finds out about the machine, the data files and the store."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss  # noqa: F401  (loaded, as NumPy is, so that its threads are among those counted)
import numpy as np  # noqa: F401
from threadpoolctl import threadpool_info

from recommender.bundle import Store
from recommender.config import Config
from recommender.errors import ConfigError, DataError, LockHeldError, StoreError
from recommender.ingest.sources import Source, catalogue_sources, events_sources
from recommender.kernels import MISSING, has_native, native

LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "implicit", "faiss-cpu", "pydantic", "flask", "gunicorn")


@dataclass(frozen=True, slots=True)
class Machine:
    """Python, libraries, processor, native kernels and the thread pools of BLAS and OpenMP."""

    python: str
    system: str
    processor: str
    cores: int
    kernels: str
    thread_pools: tuple[str, ...]
    libraries: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Events or catalogue: the sources that were found, or why they can't be."""

    name: str
    sources: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The store; `damage` says what can't be used, `unfinished` names what killed runs left.

    `live` is what CURRENT names, be it there or not; None where it names nothing.
    """

    path: str
    exists: bool
    live: str | None
    versions: tuple[str, ...]
    damage: tuple[str, ...]
    unfinished: tuple[str, ...]
    locked: bool
    free_bytes: int


def examine_machine() -> Machine:
    """Look at Python, the libraries and the processor."""
    return Machine(
        python=platform.python_version(),
        system=platform.platform(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        kernels=_kernels(),
        thread_pools=tuple(_pool(info) for info in threadpool_info()),
        libraries={name: version(name) for name in LIBRARIES},
    )


def examine_sources(config: Config) -> tuple[SourceHealth, ...]:
    """Look whether events and catalogue are where shop.toml says."""
    return _source("events", events_sources, config), _source("catalogue", catalogue_sources, config)


def examine_store(store: Store) -> StoreHealth:
    """Compare every file of every version with its digest, and look for what a killed run left."""
    damage = tuple(_damage(store))
    return StoreHealth(
        path=str(store.path),
        exists=store.path.is_dir(),
        live=_live(store),
        versions=tuple(store.names()),
        damage=damage,
        unfinished=tuple(path.name for path in store.unfinished()),
        locked=_is_locked(store),
        free_bytes=_free_bytes(store.path),
    )


def _live(store: Store) -> str | None:
    try:
        return store.current()
    except StoreError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _kernels() -> str:
    if has_native():
        return f"native, for {native.processors()[0]}"
    return MISSING + "ALS is trained by implicit, items are searched by FAISS"


def _pool(info: dict[str, Any]) -> str:
    parts = [info["internal_api"], info.get("version"), info.get("architecture")]
    threads = info["num_threads"]
    return f"{' '.join(part for part in parts if part)}, {threads} thread{'s' if threads != 1 else ''}"


def _source(name: str, find: Callable[[Config], list[Source]], config: Config) -> SourceHealth:
    try:
        return SourceHealth(name, tuple(source.name for source in find(config)), None)
    except (ConfigError, DataError) as error:
        return SourceHealth(name, (), str(error))


def _damage(store: Store) -> Iterator[str]:
    names = store.names()
    try:
        live = store.current()
        if live is not None and live not in names:
            yield f"{store.path}: the live version {live} is not there; `alsobought models promote VERSION`"
    except StoreError as error:
        yield str(error)
    for name in names:
        try:
            store.load(name, verify=True)
        except StoreError as error:
            yield str(error)


def _is_locked(store: Store) -> bool:
    if not store.path.is_dir():
        return False
    try:
        with store.locked():
            return False
    except LockHeldError:
        return True
    except StoreError:  # a store that may only be read, on a machine that only serves
        return False


def _free_bytes(path: Path) -> int:
    existing = next(folder for folder in [path, *path.absolute().parents] if folder.exists())
    return shutil.disk_usage(existing).free
