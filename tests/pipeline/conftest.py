"""Configurations for tables in memory, and small shops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from recommender.config import Config, parse_config
from recommender.toy_shop import ToyShop, make_toy_shop

Configure = Callable[..., Config]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """A small configuration whose store is below `tmp_path`; sections given replace its own."""
    small = {"als": {"factors": 8, "epochs": 2}}
    return lambda **sections: parse_config({"data": {"events": "none"}, "models": small, **sections}, folder=tmp_path)


@pytest.fixture(scope="session")
def small_shop() -> ToyShop:
    """A toy shop that trains in no time."""
    return make_toy_shop(seed=1, n_users=60, n_days=60)


@pytest.fixture(scope="session")
def smallest() -> pd.DataFrame:
    """The least that trains: ten events, three items, three customers."""
    buyers = ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a"]
    items = ["x", "x", "x", "y", "y", "z", "z", "x", "y", "x"]
    days = pd.date_range("2026-01-01", periods=10, freq="7D", tz="UTC")
    return pd.DataFrame({"user_id": buyers, "item_id": items, "event": "purchase", "timestamp": days})
