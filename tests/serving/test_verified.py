"""Digests are compared once for all workers, and a version that is not what its manifest says is refused by each."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from recommender.bundle import Bundle, Store
from recommender.errors import StoreError
from serving.verified import Verified


@pytest.fixture
def digests(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each version that is opened, whether its digests are compared."""
    asked: list[bool] = []
    load = Store.load

    def counting(store: Store, version: str, *, verify: bool = True) -> Bundle:
        asked.append(verify)
        return load(store, version, verify=verify)

    monkeypatch.setattr(Store, "load", counting)
    return asked


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.unlink()  # a new file, because the old one may be memory-mapped
    path.write_bytes(content)


def test_the_first_worker_compares_for_all(own_store: Store, tmp_path: Path, digests: list[bool]) -> None:
    version = own_store.live()
    workers = [Verified(tmp_path / "verified") for _ in range(3)]
    assert {worker.load(own_store, version).version for worker in workers} == {version}
    assert digests == [True, False, False]


def test_each_version_is_compared(own_store: Store, toy_bundle: Bundle, tmp_path: Path, digests: list[bool]) -> None:
    with own_store.locked():
        second = own_store.publish(toy_bundle)
    worker = Verified(tmp_path / "verified")
    for version in (own_store.live(), second, own_store.live()):
        worker.load(own_store, version)
    assert digests == [True, True, False]


def test_without_a_file_each_worker_compares(own_store: Store, digests: list[bool]) -> None:
    for worker in (Verified(None), Verified(None)):
        worker.load(own_store, own_store.live())
    assert digests == [True, True]


def test_an_altered_version_is_refused_by_each(own_store: Store, tmp_path: Path) -> None:
    version = own_store.live()
    flip(own_store.path / version / "popular" / "scores.npy")
    for worker in (Verified(tmp_path / "verified"), Verified(tmp_path / "verified")):
        with pytest.raises(StoreError, match="is not what the manifest says"):
            worker.load(own_store, version)
    assert (tmp_path / "verified").read_text() == ""


def test_another_manifest_of_the_same_name_is_compared_again(
    own_store: Store, tmp_path: Path, digests: list[bool]
) -> None:
    version = own_store.live()
    Verified(tmp_path / "verified").load(own_store, version)
    flip(own_store.path / version / "manifest.json")
    with pytest.raises(StoreError):
        Verified(tmp_path / "verified").load(own_store, version)
    assert digests == [True, True]


def test_a_worker_waits_for_the_one_that_compares(own_store: Store, tmp_path: Path, digests: list[bool]) -> None:
    file = tmp_path / "verified"
    with file.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=lambda: Verified(file).load(own_store, own_store.live()))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        assert digests == []
        held.write(f"{own_store.seal(own_store.live())}\n")
    waiting.join(10)
    assert digests == [False]
