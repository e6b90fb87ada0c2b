"""Taking over a promoted bundle, and keeping the old one when the new one is broken."""

from __future__ import annotations

import gc
import logging
import time
import weakref
from pathlib import Path

import pytest

from recommender.bundle import Bundle, Store
from serving.app import create_app
from serving.live_bundle import LiveBundle, warm_up
from serving.problems import Problem


def publish(store: Store, bundle: Bundle) -> str:
    with store.locked():
        return store.publish(bundle)


def promote(store: Store, version: str) -> None:
    with store.locked():
        store.promote(version)


def damage(store: Store, version: str) -> None:
    target = store.path / version / "als" / "item_factors.npy"
    content = target.read_bytes()
    target.unlink()  # a new file, because the old one may be memory-mapped
    target.write_bytes(content[:-4])


def test_a_promoted_version_takes_over_and_a_rollback_too(own_store: Store, toy_bundle: Bundle) -> None:
    first = own_store.current()
    live = LiveBundle(own_store, 0.01)
    live.refresh()
    kept = live.bundle()
    assert kept.version == first
    live.refresh()
    assert live.bundle() is kept

    second = publish(own_store, toy_bundle)
    live.refresh()
    assert live.bundle() is kept
    promote(own_store, second)
    live.refresh()
    assert live.bundle().version == second
    warm_up(kept)  # whoever still holds the old one goes on with it

    with own_store.locked():
        own_store.rollback()
    live.refresh()
    assert live.bundle().version == first


def test_the_old_bundle_is_let_go_at_once(own_store: Store, toy_bundle: Bundle) -> None:
    live = LiveBundle(own_store, 0.01)
    live.refresh()
    client = create_app(live).test_client()
    for path in ("/demo/", "/v1/popular"):
        assert client.get(path).status_code == 200
    old = weakref.ref(live.bundle())
    promote(own_store, publish(own_store, toy_bundle))
    live.refresh()
    gc.collect()
    assert old() is None
    assert client.get("/v1/popular").json["model_version"] == live.bundle().version


def test_a_broken_version_stays_out_is_logged_once_and_named(
    own_store: Store, toy_bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveBundle(own_store, 0.01)
    live.refresh()
    first = live.bundle()
    second = publish(own_store, toy_bundle)
    promote(own_store, second)
    damage(own_store, second)
    with caplog.at_level(logging.ERROR):
        live.refresh()
        live.refresh()
    assert live.bundle() is first
    assert live.failed_version() == second
    assert [second in record.getMessage() for record in caplog.records] == [True]

    promote(own_store, first.version)
    live.refresh()
    assert live.failed_version() is None
    assert live.bundle() is first


def test_a_worker_without_any_bundle_answers_503_until_there_is_one(
    own_store: Store, toy_bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    first = own_store.current()
    assert first is not None
    damage(own_store, first)
    live = LiveBundle(own_store, 0.01)
    live.refresh()
    with pytest.raises(Problem) as caught:
        live.bundle()
    assert caught.value.kind.status == 503
    assert live.failed_version() == first

    promote(own_store, publish(own_store, toy_bundle))
    live.refresh()
    assert live.bundle().version != first
    assert live.failed_version() is None


def test_an_unreadable_pointer_keeps_the_old_bundle(own_store: Store) -> None:
    live = LiveBundle(own_store, 0.01)
    live.refresh()
    first = live.bundle()
    (own_store.path / "CURRENT").write_text("rubbish\n")
    live.refresh()
    assert live.bundle() is first
    assert live.failed_version() == "CURRENT"


def test_the_thread_looks_by_itself_and_ends(own_store: Store, toy_bundle: Bundle, tmp_path: Path) -> None:
    live = LiveBundle(own_store, 0.01)
    live.start()
    try:
        second = publish(own_store, toy_bundle)
        promote(own_store, second)
        end = time.monotonic() + 10
        while live.bundle().version != second:
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        live.stop()
