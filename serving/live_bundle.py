"""The bundle that answers now, and how a newly promoted one takes its place without a failed request."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from recommender.bundle import Bundle, Store
from recommender.placements import PLACEMENTS, Placement, Query, recommend
from serving.problems import NO_MODEL, Problem

T = TypeVar("T")

WATCHING_NICENESS = 10
"""Of the thread that opens the next version: requests go first."""

log = logging.getLogger(__name__)


class BundleSource(Protocol):
    """Where a request gets its bundle; it asks once and keeps that one to its end."""

    def bundle(self) -> Bundle:
        """Return the bundle to answer from; raises Problem (503) where there is none."""

    def failed_version(self) -> str | None:
        """Return the promoted version that could not be loaded, None if all is well."""

    def on_change(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever another bundle has taken over."""

    def on_failure(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever a promoted version could not be loaded."""


class FixedBundle:
    """A bundle that never changes: for tests and for embedding the application."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def bundle(self) -> Bundle:
        """Return the bundle."""
        return self._bundle

    def failed_version(self) -> str | None:
        """Return None: nothing is ever loaded."""
        return None

    def on_change(self, call: Callable[[], None]) -> None:
        """Do nothing: the bundle never changes."""

    def on_failure(self, call: Callable[[], None]) -> None:
        """Do nothing: nothing is ever loaded."""


class LiveBundle:
    """The live bundle of a store, looked for again every `reload_seconds`.

    A promoted version is loaded and warmed up beside the old one, then one reference is swapped; requests
    under way keep the old one. A version that can't be loaded stays out, is logged once and named by
    `failed_version`. `load` opens a version of a store.

    Start it after the server has forked: threads do not survive a fork, and neither does FAISS.
    """

    def __init__(self, store: Store, reload_seconds: float, load: Callable[[Store, str], Bundle] = Store.load) -> None:
        self._store = store
        self._load = load
        self._reload_seconds = reload_seconds
        self._current: Bundle | None = None
        self._failed: str | None = None
        self._followers: list[Callable[[], None]] = []
        self._alarms: list[Callable[[], None]] = []
        self._stopped = threading.Event()

    def bundle(self) -> Bundle:
        """Return the bundle to answer from; raises Problem (503) where none could be loaded yet."""
        current = self._current
        if current is None:
            raise Problem(NO_MODEL, "no model is loaded; /readyz and the server's log say why")
        return current

    def failed_version(self) -> str | None:
        """Return the promoted version that could not be loaded, None if all is well."""
        return self._failed

    def on_change(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever another bundle has taken over."""
        self._followers.append(call)

    def on_failure(self, call: Callable[[], None]) -> None:
        """Have `call` called whenever a promoted version could not be loaded."""
        self._alarms.append(call)

    def start(self) -> None:
        """Load the live version, then watch for the next from a thread that ends with the process."""
        self.refresh()
        threading.Thread(target=self._watch, name="live-bundle", daemon=True).start()

    def stop(self) -> None:
        """End the thread at its next look."""
        self._stopped.set()

    def refresh(self) -> None:
        """Take over the version the store calls live, if it is another one than before."""
        version: str | None = "CURRENT"
        try:
            version = self._store.current()
            if version is None or (version == self._failed and self._current is not None):
                return
            if self._current is None or version != self._current.version:
                self._current = self._loaded(version)
                for call in self._followers:
                    call()
                log.info("version %s answers now", version)
            self._failed = None
        except Exception as error:  # whatever is wrong with a bundle, the old one goes on answering
            if version != self._failed:
                log.error("%s can't be loaded and stays out: %s: %s", version, type(error).__name__, error)
                for alarm in self._alarms:
                    alarm()
            self._failed = version

    def _loaded(self, version: str) -> Bundle:
        bundle = self._load(self._store, version)
        warm_up(bundle)
        return bundle

    def _watch(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), WATCHING_NICENESS)
        while not self._stopped.wait(self._reload_seconds):
            self.refresh()


def per_bundle(bundles: BundleSource, make: Callable[[Bundle], T]) -> Callable[[], T]:
    """Return a function that gives what `make` makes of the present bundle, made anew only when that changes.

    What was made of an earlier bundle is let go as soon as another takes over.
    """
    last: tuple[Bundle, T] | None = None

    def made() -> T:
        nonlocal last
        bundle, kept = bundles.bundle(), last
        if kept is None or kept[0] is not bundle:
            kept = last = (bundle, make(bundle))
        return kept[1]

    def forget() -> None:
        nonlocal last
        last = None

    bundles.on_change(forget)
    return made


def warm_up(bundle: Bundle) -> None:
    """Ask every placement once, so that no request pays for what is loaded on first use."""
    for placement in PLACEMENTS.values():
        recommend(bundle, _sample_query(bundle, placement))


def _sample_query(bundle: Bundle, placement: Placement) -> Query:
    user_id = bundle.users.id_of(0) if len(bundle.users) else None
    item_ids = (bundle.items.id_of(0),) if placement.anchor in ("item", "basket") else ()
    return Query(placement.name, user_id=user_id, item_ids=item_ids)
