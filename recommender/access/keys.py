"""Keys as a file: only digests are kept, so whoever reads the file can't use them."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from recommender.errors import ConfigError, StoreError

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
SECRET, PUBLISHABLE = "sk_", "pk_"
ACTIVE_PER_NAME = 2
RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """One key, active until it is revoked.

    `scope` includes the lesser ones: admin may write, write may read. `publishable` keys stand in pages, so they are
    good for less than their scope says. Two keys of one name may be active: that is how one replaces the other.
    """

    id: str
    name: str
    scope: Scope
    publishable: bool
    sha256: str
    created_at: str
    revoked_at: str | None = None

    @property
    def active(self) -> bool:
        """Whether it was not revoked."""
        return self.revoked_at is None

    def allows(self, scope: Scope) -> bool:
        """Tell whether the key's scope includes another."""
        return SCOPES.index(scope) <= SCOPES.index(self.scope)


class KeyFile:
    """The keys of a shop, in the order in which they were made; revoked ones keep their place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """Return all keys, none where the file does not exist.

        Raises
        ------
        ConfigError
            If the file can't be read or is not one of keys.
        """
        try:
            found = json.loads(self.path.read_bytes())
            keys = tuple(Key(**entry) for entry in found["keys"])
            if any(key.scope not in SCOPES for key in keys):
                raise ValueError("unknown scope")
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ConfigError(f"{self.path}: can't be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError):
            raise ConfigError(
                f"{self.path}: is not a file of keys; restore it, or delete it and make new keys"
            ) from None
        return keys

    def create(self, name: str, scope: Scope, *, publishable: bool = False) -> tuple[Key, str]:
        """Make a key; return it and its text, which is told this once.

        Raises
        ------
        ConfigError
            If two keys of that name are active.
        StoreError
            If the file can't be written.
        """
        with self._locked():
            keys = self.read()
            if sum(key.active and key.name == name for key in keys) >= ACTIVE_PER_NAME:
                raise ConfigError(f"two keys named {name!r} are active; revoke one of them first")
            text = (PUBLISHABLE if publishable else SECRET) + secrets.token_urlsafe(RANDOM_BYTES)
            digest = digest_of(text)
            key = Key(digest[:8], name, scope, publishable, digest, _now())
            self._write((*keys, key))
        return key, text

    def revoke(self, key_id: str) -> Key:
        """End a key; raises ConfigError where there is no active one of that id, StoreError as `create`."""
        with self._locked():
            keys = self.read()
            found = next((key for key in keys if key.id == key_id and key.active), None)
            if found is None:
                active = ", ".join(key.id for key in keys if key.active) or "none"
                raise ConfigError(f"there is no active key {key_id!r}; active are: {active}")
            revoked = replace(found, revoked_at=_now())
            self._write(tuple(revoked if key is found else key for key in keys))
        return revoked

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with self.path.with_name(f".{self.path.name}.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StoreError(f"{self.path}: can't be written: {error.strerror}") from None

    def _write(self, keys: tuple[Key, ...]) -> None:
        new = self.path.with_name(f".{self.path.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"keys": [asdict(key) for key in keys]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.rename(self.path)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key: 256 random bits need no slower hash."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def find_key(keys: tuple[Key, ...], text: str) -> int | None:
    """Return the place of the active key with this text; every one is compared, in constant time, on bytes."""
    digest, found = digest_of(text).encode(), None
    for place, key in enumerate(keys):
        if hmac.compare_digest(digest, key.sha256.encode()) and key.active:
            found = place
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
