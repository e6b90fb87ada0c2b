"""Asking the toy bundle."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recommender.bundle import Bundle
from recommender.placements import Query, Slate, recommend

Ask = Callable[..., Slate]


@pytest.fixture
def ask(toy_bundle: Bundle) -> Ask:
    """Ask the toy bundle: `ask("also-bought", item_ids=("TENT",))`."""
    return lambda placement, **asked: recommend(toy_bundle, Query(placement, **asked))
