"""Fake customers push an item into the lists of real ones; with the limits of [influence] they don't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.ingest import read_dataset
from recommender.pipeline import train
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, choose
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure

PUSHED, BESIDE = "SCALE", ("LAMP", "MAT", "BOTTLE", "STOVE")
UNASKED = {"doctor": {"off": ["item_burst", "busy_actor", "volume"]}}


@pytest.fixture(scope="module")
def attacked(toy_shop: ToyShop) -> pd.DataFrame:
    """The toy shop's events, and 20 fake customers of the last ten days who push a scale to those who go camping."""
    rng = np.random.default_rng(0)
    last = toy_shop.events["timestamp"].max()
    rows = [
        (f"fake{n}", item, last - pd.Timedelta(days=rng.uniform(0, 10)), f"fake{n}")
        for n in range(20)
        for item in (PUSHED, *BESIDE)
    ]
    fakes = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "order_id"])
    return pd.concat([toy_shop.events, fakes.assign(event="purchase")])


def shown_beside(bundle: Bundle) -> int:
    """Return beside how many of the items the pushed one is shown."""
    item = bundle.items.index_of(PUSHED)
    return sum(item in choose(bundle, Query("also-bought", 5, item_ids=(one,))).items for one in BESIDE)


def test_fake_customers_move_what_is_shown_without_limits_only(
    configure: Configure, toy_shop: ToyShop, attacked: pd.DataFrame
) -> None:
    def fitted(events: pd.DataFrame, **sections: object) -> Bundle:
        config = configure(**sections)
        return fit_bundle(read_dataset(config, events=events, catalogue=toy_shop.catalogue)[0], config)

    assert shown_beside(fitted(toy_shop.events)) == 0
    assert shown_beside(fitted(attacked, influence={"burst_factor": 0.0})) == len(BESIDE)
    assert shown_beside(fitted(attacked)) == 0


def test_a_run_says_whose_newcomers_it_withheld(
    configure: Configure, toy_shop: ToyShop, attacked: pd.DataFrame
) -> None:
    config = configure(**UNASKED)
    result = train.run(config, events=attacked, catalogue=toy_shop.catalogue, dry_run=True)
    (warning,) = [text for text in result.warnings if "newcomers" in text]
    assert f"'{PUSHED}'" in warning
    assert "fake" not in warning, "a warning names no customer"
    record = json.loads((config.store_path / "runs" / "00001.json").read_text())
    assert record["data"]["withheld"]["bursts"] >= 20
