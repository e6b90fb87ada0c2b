"""A disk that refuses, at any byte."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import faiss
import numpy as np
import pytest

from recommender.bundle import Bundle, Store
from recommender.errors import StoreError
from recommender.index import FaissIndex


@contextmanager
def no_file_above(size_bytes: int) -> Iterator[None]:
    """Let the kernel refuse to write any file beyond a size: as on a full disk, `write` fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_publish_fails_whichever_file_is_refused(store: Store, bundle: Bundle) -> None:
    before = contents(store.path)
    sizes = sorted({entry.bytes for entry in bundle.manifest.files.values()})
    for size in (0, 1, *(size - 1 for size in sizes)):
        with pytest.raises(StoreError) as caught, no_file_above(size):
            store.publish(bundle)
        assert str(caught.value).startswith(f"{store.path}/unfinished-v00002")
        assert os.strerror(errno.EFBIG) in str(caught.value)
        assert str(caught.value).endswith("the live model is as it was")
        assert contents(store.path) == before
        assert store.unfinished() == []
    assert store.publish(bundle) == "v00002"
    store.load("v00002")


def test_an_index_larger_than_all_other_files_is_not_cut_off(store: Store, bundle: Bundle) -> None:
    """FAISS's own writer would print a line and succeed."""
    largest = max(entry.bytes for entry in bundle.manifest.files.values())
    searcher = faiss.IndexFlatIP(1)
    searcher.add(np.ones((largest, 1), dtype=np.float32))
    large = replace(bundle, similar_index=FaissIndex(searcher, bundle.similar_index.items, "cosine"))
    with pytest.raises(StoreError, match="File too large"), no_file_above(largest + 4096):
        store.publish(large)
    assert store.names() == ["v00001"]


def test_promote_fails_before_anything_changed(three: Store) -> None:
    before = contents(three.path)
    with pytest.raises(StoreError, match="CURRENT: File too large; the live model is as it was"), no_file_above(0):
        three.promote("v00001")
    assert {name: content for name, content in contents(three.path).items() if not name.endswith(".new")} == before
    assert three.rollback() == "v00002"


@pytest.mark.parametrize("call", ["rename", "fsync", "mkdir"])
def test_no_space_is_said_and_leaves_nothing(
    store: Store, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = contents(store.path)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StoreError, match="unfinished-v00002: No space left on device; the live model is as it was"):
            store.publish(bundle)
        if call != "mkdir":
            with pytest.raises(StoreError, match="CURRENT: No space left on device"):
                store.promote("v00001")
    assert {name: content for name, content in contents(store.path).items() if not name.endswith(".new")} == before
    assert store.load_live().version == "v00001"


@pytest.mark.parametrize(("module", "calls"), [(os, ["stat"]), (os, ["listdir", "scandir"]), (fcntl, ["flock"])])
def test_a_question_that_the_disk_refuses_is_an_error_of_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch, module: ModuleType, calls: list[str]
) -> None:
    """As on a network file system that is away, or a disk about to die."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        for call in calls:
            patch.setattr(module, call, refuse)
        with pytest.raises(StoreError, match=f"^{store.path}.*: Input/output error"), store.locked():
            store.load_live()
    assert store.load_live().version == "v00001"


def test_a_manifest_that_the_disk_does_not_give_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that fails tells no name, unlike an open that does."""

    def refuse(_: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    for ask in (store.manifest, store.seal):
        with pytest.raises(StoreError, match=r"^/.*v00001/manifest\.json: can't be read: Input/output error"):
            ask("v00001")
