"""A refresh folds what is new into the live version, without the slow fits, and asks the gate."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle, Store
from recommender.config import Config, parse_config
from recommender.errors import ConfigError, DataError, GateRefusedError, StoreError
from recommender.ingest import read_dataset
from recommender.models import PAIR
from recommender.pipeline import fold, refresh, train
from recommender.pipeline.fit import training_events
from recommender.pipeline.fold import Carried, fold_bundle
from recommender.placements import Query, choose
from recommender.toy_shop import ToyShop

NEW, GONE = "POUROVER", "AAA-GONE"
QUICK = {"models": {"als": {"factors": 16, "epochs": 4}}, "serving": {"event_log": ""}}


def configuration(folder: Path, **sections: object) -> Config:
    return parse_config({"data": {"events": "none"}, **QUICK, **sections}, folder=folder)


@pytest.fixture(scope="module")
def morning(toy_shop: ToyShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose live version knows all but the last ten days and one item, and another item that is gone since."""
    folder = tmp_path_factory.mktemp("morning")
    events = toy_shop.events[toy_shop.events["item_id"] != NEW]
    known = events[events["timestamp"] <= events["timestamp"].max() - pd.Timedelta(days=10)]
    extra = known.tail(30).assign(item_id=GONE)
    goods = toy_shop.catalogue[toy_shop.catalogue["item_id"] != NEW]
    train.run(configuration(folder), events=pd.concat([known, extra]), catalogue=goods)
    return folder


@pytest.fixture
def config(morning: Path, tmp_path: Path) -> Config:
    return configuration(Path(shutil.copytree(morning, tmp_path, dirs_exist_ok=True)))


def shown(bundle: Bundle, item: str) -> list[str]:
    return bundle.items.ids_of(choose(bundle, Query("also-bought", 10, item_ids=(item,))).items)


def counted(bundle: Bundle, item: int) -> dict[int, tuple[int, int]]:
    """Return the customers and baskets behind each pair of an item that customers stand behind.

    Other candidates come from basket factors, which start from random numbers by the number of an item.
    """
    row = slice(int(bundle.co_purchase.indptr[item]), int(bundle.co_purchase.indptr[item + 1]))
    facts = bundle.pair_facts
    columns = (bundle.co_purchase.neighbours, bundle.co_purchase.support, facts.together, facts.ground)
    pairs = zip(*(column[row].tolist() for column in columns), strict=True)
    return {other: (support, together) for other, support, together, ground in pairs if ground == PAIR}


def test_new_items_and_purchases_are_in_the_next_version(config: Config, toy_shop: ToyShop) -> None:
    store = Store(config.store_path)
    live = store.load_live()
    result = refresh.run(config, events=toy_shop.events, catalogue=toy_shop.catalogue)
    assert result is not None
    assert (result.version, result.promoted) == ("v00002", True)
    assert "against live version" in result.verdict
    fresh = store.load_live()
    assert fresh.manifest.refreshed_from == "v00001"
    assert fresh.manifest.metrics == live.manifest.metrics
    assert fresh.manifest.as_of == "2026-06-30T" + str(fresh.manifest.as_of)[11:]
    assert fresh.items.index_of(GONE) is None
    new = fresh.items.index_of(NEW)
    assert new in fresh.als_index.items
    assert live.items.index_of(NEW) is None
    assert shown(fresh, NEW), "the first purchases say what it goes with"
    asked = [
        choose(fresh, Query("for-you", 20, user_id=str(user))).items
        for user in toy_shop.events["user_id"].dropna().unique()
    ]
    assert any(new in slate for slate in asked)
    record = json.loads((config.store_path / "runs" / "00002.json").read_text())
    assert record["options"] == ["refresh"]
    assert [stage["name"] for stage in record["stages"]][2:4] == ["fold half and compare", "fold in"]


def test_what_is_counted_anew_is_what_training_counts(config: Config, toy_shop: ToyShop) -> None:
    live = Store(config.store_path).load_live()
    dataset = read_dataset(config, events=toy_shop.events, catalogue=toy_shop.catalogue)[0]
    folded = fold_bundle(dataset, config, Carried(live, dataset.items, dataset.catalogue))
    trained = train.fit_bundle(dataset, config)
    for name in ("popular", "trending", "new_arrivals"):
        np.testing.assert_array_equal(getattr(folded, name).scores, getattr(trained, name).scores)
    np.testing.assert_array_equal(folded.histories.values, trained.histories.values)
    goal = training_events(dataset, config).goal
    recent = goal.where(goal.time > (live.as_of_seconds or 0))
    assert len(np.unique(recent.item)) > 10
    for item in np.unique(recent.item).tolist():
        assert counted(folded, item) == counted(trained, item)
    untouched = np.setdiff1d(np.arange(len(dataset.items)), recent.item)
    for item in untouched.tolist():
        old = live.items.index_of(dataset.items.id_of(item))
        if old is not None:
            before = [live.items.id_of(one) for one in live.co_purchase.row(old)[0].tolist()]
            now = dataset.items.ids_of(folded.co_purchase.row(item)[0].tolist())
            assert now == [one for one in before if one != GONE]


def test_factors_of_known_items_keep_their_products(config: Config, toy_shop: ToyShop) -> None:
    live = Store(config.store_path).load_live()
    dataset = read_dataset(config, events=toy_shop.events, catalogue=toy_shop.catalogue)[0]
    folded = fold_bundle(dataset, config, Carried(live, dataset.items, dataset.catalogue))
    names = [one for one in live.items if folded.items.index_of(one.decode()) is not None]
    before = live.als.item_factors[[live.items.index_of(one.decode()) for one in names]]
    after = folded.als.item_factors[[folded.items.index_of(one.decode()) for one in names]]
    np.testing.assert_allclose(after @ after.T, before @ before.T, atol=1e-4)


def test_nothing_new_makes_no_version(config: Config, toy_shop: ToyShop) -> None:
    assert refresh.run(config, events=toy_shop.events, catalogue=toy_shop.catalogue) is not None
    assert refresh.run(config, events=toy_shop.events, catalogue=toy_shop.catalogue) is None
    assert Store(config.store_path).names() == ["v00001", "v00002"]
    record = json.loads((config.store_path / "runs" / "00003.json").read_text())
    assert (record["outcome"], record["exit_code"]) == ("nothing new", 0)


def test_the_gate_refuses_a_fold_that_is_worse(
    config: Config, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = refresh.fold_bundle

    def spoiled(dataset, config, carried, *, new_items=True, **options):  # type: ignore[no-untyped-def]
        if new_items:
            users = np.random.default_rng(0).permutation(dataset.events.user)
            dataset = replace(dataset, events=replace(dataset.events, user=users))
        return real(dataset, config, carried, new_items=new_items, **options)

    monkeypatch.setattr(refresh, "fold_bundle", spoiled)
    with pytest.raises(GateRefusedError, match=r"the gate refused: significantly worse than .* against live version"):
        refresh.run(config, events=toy_shop.events, catalogue=toy_shop.catalogue)
    assert Store(config.store_path).current() == "v00001"


def test_what_a_refresh_needs_is_said(config: Config, toy_shop: ToyShop, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no version is live that this program reads"):
        refresh.run(configuration(tmp_path / "empty"), events=toy_shop.events)
    other = config.model_copy(update={"event_weights": {"purchase": 1.0}})
    with pytest.raises(ConfigError, match="is not the one of v00001"):
        refresh.run(other, events=toy_shop.events, catalogue=toy_shop.catalogue)
    timeless = toy_shop.events.drop(columns="timestamp")
    untimed = configuration(tmp_path / "untimed")
    train.run(untimed, events=timeless, catalogue=toy_shop.catalogue, force=True)
    with pytest.raises(DataError, match="nothing tells what is new"):
        refresh.run(untimed, events=timeless, catalogue=toy_shop.catalogue)


def test_items_of_whose_purchases_few_are_new_keep_their_pairs() -> None:
    items = np.repeat(np.array([0, 1, 2, 3], dtype=np.int32), [200, 200, 5, 5])
    new = np.array([0, 1, 1, 2], dtype=np.int32)
    assert fold.renewed(items, new, 5).tolist() == [False, True, True, False, False], "1 in 200, 2 in 200, 1 in 5, none"
