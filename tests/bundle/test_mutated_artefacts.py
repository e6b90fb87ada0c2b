"""The reduced form of `benchmarks/mutated_artefacts.py`: versions altered at random are refused, all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.mutated_artefacts import KINDS, LOADED, REFUSED, SEALED, altered, contents, counted, make_store, remove
from recommender.bundle import Store


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("two-versions"))


def test_nothing_altered_loads_and_nothing_takes_the_loader_down(two_versions: Path, tmp_path: Path) -> None:
    found = counted(two_versions, tmp_path, range(300), sealed=False)
    assert set(found) == set(KINDS)
    assert {outcome for outcomes in found.values() for outcome in outcomes} == {REFUSED}


def test_a_manifest_sealed_anew_loads_or_is_refused(two_versions: Path, tmp_path: Path) -> None:
    found = counted(two_versions, tmp_path, range(60), sealed=True)
    assert set(found) == {SEALED}
    assert set(found[SEALED]) == {LOADED, REFUSED}


def test_an_alteration_that_loads_would_be_seen(two_versions: Path, tmp_path: Path) -> None:
    """The digests are what refuses: most alterations leave sizes as they were, and load without a look at these."""
    store, folder = Store(two_versions), two_versions / "v00002"
    whole = contents(folder)
    loaded = 0
    for number in range(60):
        kind, names = altered(np.random.default_rng(number), two_versions, whole)
        if kind == "bits flipped":
            try:
                store.load("v00002", verify=False)
                loaded += 1
            except Exception:
                pass
        for name in names:
            remove(folder / name)
            (folder / name).write_bytes(whole[name])
    assert loaded
    assert store.load("v00002").version == "v00002"
