"""A model of the toy shop, fitted once."""

from __future__ import annotations

import pytest

import recommender as rec
from recommender.toy_shop import ToyShop

SMALL = {"models__als__factors": 16, "models__als__epochs": 4}


@pytest.fixture(scope="session")
def recipe() -> rec.Recipe:
    """A small recipe."""
    return rec.Recipe(**SMALL)


@pytest.fixture(scope="session")
def data(toy_shop: ToyShop, tmp_path_factory: pytest.TempPathFactory) -> rec.Data:
    """The toy shop, read."""
    refused = str(tmp_path_factory.mktemp("refused"))
    return rec.read(toy_shop.events, toy_shop.catalogue, data__refused=refused)


@pytest.fixture(scope="session")
def model(recipe: rec.Recipe, data: rec.Data) -> rec.Model:
    """The recipe, fitted on the toy shop."""
    return recipe.fit(data)


@pytest.fixture(scope="session")
def split(data: rec.Data) -> rec.Split:
    """The toy shop, cut 28 days before its end."""
    return rec.hold_out(data, split="time", test_days=28)
