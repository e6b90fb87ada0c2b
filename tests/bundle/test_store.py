"""Versions and which of them is live."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recommender.bundle import Bundle, Store
from recommender.errors import StoreError
from recommender.placements import Query, recommend


def test_an_empty_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "models")
    assert store.current() is None
    assert store.names() == store.versions() == store.unfinished() == []
    assert not store.path.exists()
    with pytest.raises(StoreError, match="run `alsobought train`"):
        store.load_live()
    with pytest.raises(StoreError, match=r"no version 'v00001'.*none; run `alsobought train`"):
        store.load("v00001")
    with pytest.raises(StoreError, match="no earlier version was live"):
        store.rollback()


def test_a_store_path_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    store = Store(tmp_path / "models")
    for attempt in (store.current, store.versions, lambda: store.load("v00001"), store.locked().__enter__):
        with pytest.raises(StoreError, match="models: is not a folder"):
            attempt()


def test_published_is_not_live(store: Store, bundle: Bundle) -> None:
    assert store.publish(bundle) == "v00002"
    assert store.current() == "v00001"
    assert [(info.version, info.live) for info in store.versions()] == [("v00001", True), ("v00002", False)]
    assert store.load("v00002").version == store.manifest("v00002").version == "v00002"


def test_promote_is_what_load_live_opens(store: Store, bundle: Bundle) -> None:
    store.promote(store.publish(bundle))
    assert (store.path / "CURRENT").read_bytes() == b"v00002\n"
    assert store.load_live().version == "v00002"


def test_versions_tell_what_the_manifest_says(store: Store) -> None:
    (info,), manifest = store.versions(), store.manifest("v00001")
    for name in ("version", "created_at", "metrics", "n_users", "n_items", "n_events", "bytes"):
        assert getattr(info, name) == getattr(manifest, name)


def test_versions_are_in_order_whatever_the_clock_says(store: Store, bundle: Bundle) -> None:
    clocks = ("2026-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2038-01-19T03:14:08Z", "1970-01-01T00:00:00Z")
    for clock in clocks:
        manifest = bundle.manifest.model_copy(update={"created_at": clock})
        store.publish(Bundle(**{**vars(bundle), "manifest": manifest}))
    assert store.names() == ["v00001", "v00002", "v00003", "v00004", "v00005"]
    assert [info.created_at for info in store.versions()][1:] == list(clocks)


def test_the_hundred_thousandth_version_comes_after_the_one_before(store: Store, bundle: Bundle) -> None:
    (store.path / "v00001").rename(store.path / "v99999")
    assert store.publish(bundle) == "v100000"
    assert store.names() == ["v99999", "v100000"]
    store.promote("v100000")
    assert store.current() == "v100000"
    assert store.prune(1) == ["v99999"]


def test_a_pruned_number_is_not_used_again(three: Store, bundle: Bundle) -> None:
    three.prune(1)
    assert three.publish(bundle) == "v00004"


def test_rollback_walks_back(three: Store) -> None:
    assert three.rollback() == "v00002"
    assert three.current() == "v00002"
    assert three.rollback() == "v00001"
    assert three.current() == "v00001"
    with pytest.raises(StoreError, match="no earlier version was live"):
        three.rollback()
    assert three.current() == "v00001"


def test_rollback_after_rollback_and_a_new_version_skips_what_was_bad(three: Store, bundle: Bundle) -> None:
    three.rollback()
    three.promote(three.publish(bundle))
    assert three.current() == "v00004"
    assert three.rollback() == "v00002"


def test_rollback_goes_to_the_one_live_before_not_to_the_number_before(three: Store) -> None:
    three.promote("v00001")
    assert three.rollback() == "v00003"
    three.promote("v00001")
    three.promote("v00002")
    assert three.rollback() == "v00001"
    assert three.rollback() == "v00003"


def test_rollback_after_two_rollbacks_and_a_promotion(three: Store) -> None:
    three.rollback()
    three.rollback()
    three.promote("v00003")
    assert three.rollback() == "v00001"


def test_promoting_the_live_version_again_changes_nothing(three: Store) -> None:
    three.promote("v00003")
    assert three.current() == "v00003"
    assert three.rollback() == "v00002"


def test_rollback_to_a_named_version(three: Store, bundle: Bundle) -> None:
    assert three.rollback("v00001") == "v00001"
    with pytest.raises(StoreError, match="no earlier version was live"):
        three.rollback()
    assert three.rollback(three.publish(bundle)) == "v00004"
    assert three.rollback() == "v00001"


def test_rollback_leaves_out_versions_that_were_never_live(store: Store, bundle: Bundle) -> None:
    store.publish(bundle)
    store.promote(store.publish(bundle))
    assert store.rollback() == "v00001"


def test_rollback_leaves_out_pruned_versions(three: Store, bundle: Bundle) -> None:
    three.promote("v00001")
    three.promote(three.publish(bundle))
    three.promote("v00003")
    assert three.prune(2) == ["v00001", "v00002"]
    assert three.rollback() == "v00004"
    assert three.rollback() == "v00003"
    with pytest.raises(StoreError, match="no earlier version was live"):
        three.rollback()


def test_rollback_to_a_damaged_version_is_refused(three: Store) -> None:
    (three.path / "v00002" / "popular" / "scores.npy").unlink()
    with pytest.raises(StoreError, match=r"v00002/popular/scores\.npy: No such file"):
        three.rollback()
    assert three.current() == "v00003"
    assert three.rollback("v00001") == "v00001"


def test_prune_keeps_the_newest_and_the_live_one(three: Store, bundle: Bundle) -> None:
    three.promote("v00001")
    three.publish(bundle)
    assert three.prune(5) == []
    assert three.prune(1) == ["v00002", "v00003"]
    assert three.names() == ["v00001", "v00004"]
    assert three.load_live().version == "v00001"


def test_what_is_open_outlives_pruning(three: Store) -> None:
    opened = three.load("v00001")
    before = recommend(opened, Query("popular")).to_dict()
    assert "v00001" in three.prune(1)
    assert recommend(opened, Query("popular")).to_dict() == before


def test_only_names_of_versions_are_versions(store: Store, bundle: Bundle) -> None:
    for name in ("v1", "v0000a", "unfinished-v00009", "notes", "xv00003"):
        (store.path / name).mkdir()
    assert store.names() == ["v00001"]
    for name in ("v00002", "../models/v00001", "", "v00001/"):
        with pytest.raises(StoreError, match="has no version"):
            store.load(name)
    assert store.publish(bundle) == "v00002"
    assert store.unfinished() == []


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"v1", b"v00001 v00002", b"../v00001", b"x" * 10_000])
def test_current_garbage(store: Store, bundle: Bundle, content: bytes) -> None:
    (store.path / "CURRENT").write_bytes(content)
    for attempt in (store.current, store.load_live, store.versions, store.rollback, lambda: store.prune(1)):
        with pytest.raises(StoreError, match=r"CURRENT: does not name a version; run `alsobought models promote"):
            attempt()
    store.promote(store.publish(bundle))
    assert store.current() == "v00002"
    assert store.rollback() == "v00001"


def test_current_names_a_version_that_is_gone(three: Store) -> None:
    (three.path / "CURRENT").write_text("v00009\n")
    with pytest.raises(StoreError, match="has no version 'v00009'; the newest are: v00001, v00002, v00003"):
        three.load_live()
    assert three.rollback() == "v00003"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"v00001\nv000", b"x" * 10_000])
def test_promotions_garbage(three: Store, content: bytes) -> None:
    (three.path / "PROMOTIONS").write_bytes(content)
    three.promote("v00002")
    assert three.current() == "v00002"
    assert three.rollback() == "v00003"


def test_a_promotion_that_was_noted_but_never_happened(three: Store, bundle: Bundle) -> None:
    version = three.publish(bundle)
    with (three.path / "PROMOTIONS").open("a") as file:
        file.write(f"{version}\n")
    assert three.current() == "v00003"
    assert three.rollback() == "v00002"
    three.promote(version)
    assert three.rollback() == "v00002"


def test_everything_is_on_the_disk_before_it_has_its_name(
    store: Store, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, str]] = []
    sync, rename = os.fsync, Path.rename

    def noted_sync(descriptor: int) -> None:
        done.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink().relative_to(store.path))))
        sync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        done.append(("rename", path.name))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    version = store.publish(bundle)
    folder = store.path / version
    everything = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    named = done.index(("rename", f"unfinished-{version}"))
    synced = {str(Path(path).relative_to(f"unfinished-{version}")) for _, path in done[:named]}
    assert synced == everything | {"."}
    assert done[named + 1 :] == [("sync", ".")]
    done.clear()
    store.promote(version)
    assert done == [
        ("sync", "PROMOTIONS.new"),
        ("rename", "PROMOTIONS.new"),
        ("sync", "."),
        ("sync", "CURRENT.new"),
        ("rename", "CURRENT.new"),
        ("sync", "."),
    ]
