"""A store to write to, and its one version."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recommender.bundle import Bundle, Store


@pytest.fixture
def store(toy_store: Store, tmp_path: Path) -> Store:
    """A copy of the toy store: v00001, live."""
    return Store(Path(shutil.copytree(toy_store.path, tmp_path / "models")))


@pytest.fixture
def bundle(store: Store) -> Bundle:
    return store.load("v00001")


@pytest.fixture
def three(store: Store, bundle: Bundle) -> Store:
    """A store whose versions were all live, one after the other: v00001, v00002, v00003."""
    for _ in range(2):
        store.promote(store.publish(bundle))
    return store
