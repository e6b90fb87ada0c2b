"""Masks are made once, kept while they are asked for, and never written to."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.dataset.kept_masks import KEPT, KeptMasks


def mask_of(kept: KeptMasks, name: int, made: list[int]) -> np.ndarray:
    def make() -> np.ndarray:
        made.append(name)
        return np.arange(3) == name

    return kept.get(name, make)


def test_a_mask_is_made_once_and_the_one_asked_for_longest_ago_goes_first() -> None:
    kept, made = KeptMasks(), []
    for name in [*range(KEPT), 0, 1]:
        assert mask_of(kept, name, made).tolist() == [name == item for item in range(3)]
    assert made == list(range(KEPT))
    mask_of(kept, KEPT, made)
    mask_of(kept, 0, made)
    assert made == [*range(KEPT), KEPT]
    mask_of(kept, 2, made)
    assert made[-1] == 2


def test_a_kept_mask_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        mask_of(KeptMasks(), 0, [])[0] = False
