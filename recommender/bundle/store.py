"""The folder of all versions: publish, promote, rollback, prune.

STORE/
  v00001/ v00002/ …    one bundle each, written under a temporary name, synced, renamed, never changed
  CURRENT              one line: the live version; replaced by write, fsync, rename, fsync of the folder
  PROMOTIONS           the versions that were live one after the other, up to the live one: what rollback walks back
  AUDIT                who promoted or rolled back by hand (`changes.py`)
  LOCK                 held (flock) by whoever writes; a killed holder's lock is free at once
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from recommender.bundle.bundle import Bundle
from recommender.bundle.files import (
    SchemaError,
    check_files,
    manifest_digest,
    read_files,
    read_manifest,
    write_files,
    write_manifest,
)
from recommender.bundle.manifest import SCHEMA_VERSION, Manifest, VersionInfo
from recommender.errors import StoreError, disk_errors
from recommender.lock import lock_of

CURRENT = "CURRENT"
PROMOTIONS = "PROMOTIONS"
VERSION_NAME = re.compile(r"v\d{5,}")
UNFINISHED = "unfinished-"


class Store:
    """The versions below one folder. Reading needs no lock; `locked` is for everything that writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def locked(self) -> AbstractContextManager[None]:
        """Hold the store for writing; the folder is made where it is missing.

        Raises
        ------
        LockHeldError
            At once, if another process holds it.
        """
        return lock_of(self.path)

    def current(self) -> str | None:
        """Return the name of the live version, None where nothing was ever promoted."""
        self._require_no_file()
        try:
            name = _text(self.path / CURRENT).strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self.path / CURRENT}: can't be read: {error.strerror}") from None
        if not VERSION_NAME.fullmatch(name):
            raise StoreError(f"{self.path / CURRENT}: does not name a version; run `alsobought models promote VERSION`")
        return name

    def live(self) -> str:
        """Return the name of the live version; raises StoreError where nothing was ever promoted."""
        name = self.current()
        if name is None:
            raise StoreError(f"{self.path}: no model has been promoted yet; run `alsobought train`")
        return name

    def names(self) -> list[str]:
        """Return the names of all complete versions, oldest first."""
        with disk_errors(self.path):
            if not self.path.is_dir():
                return []
            found = [entry.name for entry in self.path.iterdir() if VERSION_NAME.fullmatch(entry.name)]
        return sorted(found, key=_number)

    def versions(self) -> list[VersionInfo]:
        """Return a line for each version, oldest first; one that is damaged says so and leaves the others be."""
        live = self.current()
        return [self._info(name, live=name == live) for name in self.names()]

    def manifest(self, version: str) -> Manifest:
        """Return the manifest of a version.

        Raises
        ------
        StoreError
            If there is no such version or its manifest is damaged.
        """
        return read_manifest(self._folder(version))

    def seal(self, version: str) -> str:
        """Return a version's name and the SHA-256 of its manifest, which has those of all its files; one line.

        Raises
        ------
        StoreError
            As for `manifest`.
        """
        return f"{version} {manifest_digest(self._folder(version))}"

    def load(self, version: str, *, verify: bool = True) -> Bundle:
        """Open a version; `verify` compares SHA-256 digests, sizes are compared always.

        Raises
        ------
        StoreError
            If there is no such version, or a file is missing or altered.
        """
        folder = self._folder(version)
        manifest = read_manifest(folder)
        check_files(folder, manifest, digests=verify)
        return read_files(folder, manifest)

    def load_live(self) -> Bundle:
        """Open the live version.

        Raises
        ------
        StoreError
            If nothing was ever promoted, or the version can't be opened.
        """
        return self.load(self.live())

    def publish(self, bundle: Bundle) -> str:
        """Write a bundle as the next version and return its name; call it within `locked`.

        Raises
        ------
        StoreError
            If the disk refuses; no stump is left.
        """
        names = self.names()
        version = f"v{_number(names[-1]) + 1 if names else 1:05d}"
        unfinished = self.path / f"{UNFINISHED}{version}"
        with disk_errors(unfinished):
            self._remove_unfinished()
            try:
                unfinished.mkdir()
                files = write_files(bundle, unfinished)
                manifest = bundle.manifest.model_copy(update={"version": version, "files": files})
                write_manifest(unfinished, manifest)
                _sync_tree(unfinished)
                unfinished.rename(self.path / version)
                _sync(self.path)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
        return version

    def promote(self, version: str) -> None:
        """Make a version the live one, in one step that is whole or not at all; call it within `locked`.

        Raises
        ------
        StoreError
            If there is no such version, a file of it is altered, or the disk refuses.
        """
        self._make_live(version, [*self._trail(), version])

    def rollback(self, version: str | None = None) -> str:
        """Make `version` live, or the one that was live before the present one, and return its name.

        What lay between is forgotten: a second rollback goes further back.

        Raises
        ------
        StoreError
            If there is none to go back to, or as for `promote`.
        """
        target = version or self.before()
        self._make_live(target, _back_to(target, self._trail()))
        return target

    def before(self) -> str:
        """Return the version that was live before the present one; raises StoreError where there is none."""
        live, existing = self.current(), self.names()
        for name in reversed(self._trail()):
            if name != live and name in existing:
                return name
        raise StoreError(f"{self.path}: no earlier version was live; name one: `alsobought models rollback VERSION`")

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest `keep` versions, never the live one; return the deleted names."""
        live = self.current()
        names = self.names()
        doomed = [name for name in names[: max(len(names) - keep, 0)] if name != live]
        self.remove(doomed)
        return doomed

    def remove(self, versions: Sequence[str]) -> None:
        """Delete versions, and what killed runs left; call it within `locked`. Raises StoreError."""
        with disk_errors(self.path):
            self._remove_unfinished()
            for name in versions:  # a killed run must not leave half a version under its name
                (self.path / name).rename(self.path / f"{UNFINISHED}{name}")
            self._remove_unfinished()

    def unfinished(self) -> list[Path]:
        """Return the folders that a run was killed in writing or deleting; the next publish or prune removes them."""
        return sorted(self.path.glob(f"{UNFINISHED}*"))

    def _info(self, name: str, *, live: bool) -> VersionInfo:
        try:
            manifest = self.manifest(name)
        except SchemaError as error:
            return VersionInfo(name, live, problem="old schema" if error.found < SCHEMA_VERSION else "newer schema")
        except StoreError:
            return VersionInfo(name, live, problem="damaged")
        return VersionInfo(
            version=name,
            live=live,
            created_at=manifest.created_at,
            metrics=manifest.metrics,
            n_users=manifest.n_users,
            n_items=manifest.n_items,
            n_events=manifest.n_events,
            bytes=manifest.bytes,
        )

    def _remove_unfinished(self) -> None:
        for folder in self.unfinished():
            shutil.rmtree(folder)

    def _require_no_file(self) -> None:
        with disk_errors(self.path):
            if self.path.exists() and not self.path.is_dir():
                raise StoreError(f"{self.path}: is not a folder; name one as store.path")

    def _folder(self, version: str) -> Path:
        self._require_no_file()
        if version not in self.names():
            known = ", ".join(self.names()[-5:]) or "none; run `alsobought train`"
            raise StoreError(f"{self.path}: has no version {version!r}; the newest are: {known}")
        return self.path / version

    def _make_live(self, version: str, trail: list[str]) -> None:
        folder = self._folder(version)
        check_files(folder, read_manifest(folder), digests=True)
        with disk_errors(self.path / CURRENT):
            replace_file(self.path / PROMOTIONS, _lines(*trail))
            replace_file(self.path / CURRENT, _lines(version))

    def _trail(self) -> list[str]:
        """Return the versions that were live one after the other, the live one last."""
        try:
            lines = _text(self.path / PROMOTIONS).split()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            raise StoreError(f"{self.path / PROMOTIONS}: can't be read: {error.strerror}") from None
        trail = [line for line in lines if VERSION_NAME.fullmatch(line)]
        with suppress(StoreError):  # a damaged CURRENT is what promote repairs
            live = self.current()  # the last line may be of a run that was killed before it promoted
            return trail if live is None else _back_to(live, trail)
        return trail


def _back_to(version: str, trail: list[str]) -> list[str]:
    """Return the trail as it was when `version` was live last; with it at the end where it never was."""
    if version not in trail:
        return [*trail, version]
    return trail[: len(trail) - trail[::-1].index(version)]


def _number(name: str) -> int:
    return int(name[1:])


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that it is the old one or the new one at any moment."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    _sync(path.parent)


def _text(path: Path) -> str:
    """Return the text of a file; `read_text` would first look for a module of the codec, on a disk that may refuse."""
    return path.read_bytes().decode("ascii", errors="replace")


def _lines(*names: str) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("ascii")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
