"""tune: what it writes, what it never sees, and how it goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.config import Config, load_config
from recommender.dataset import Dataset
from recommender.errors import ConfigError, DataError, StoreError
from recommender.evaluation import split_events
from recommender.ingest import read_dataset
from recommender.pipeline import tune
from recommender.pipeline.tuning.option_names import Values
from recommender.pipeline.tuning.search import Search
from recommender.pipeline.tuning.tuned import Tuned
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure


@pytest.fixture
def dataset(toy_shop: ToyShop, toy_config: Config) -> Dataset:
    return read_dataset(toy_config, events=toy_shop.events, catalogue=toy_shop.catalogue)[0]


def searched(config: Config, shop: ToyShop, budget_minutes: float = 5, trials: int | None = None) -> Tuned:
    return tune.run(config, events=shop.events, catalogue=shop.catalogue, budget_minutes=budget_minutes, trials=trials)


def test_what_is_written_is_what_every_verb_reads(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    tuned = searched(config, toy_shop, trials=4)
    assert tuned.value >= tuned.value_before
    assert tuned.n_trials + tuned.n_pruned == 4
    assert tuned.n_users > 50
    (config.folder / "shop.toml").write_text("", encoding="utf-8")
    read = load_config(config.folder / "shop.toml").model_dump(by_alias=True)
    assert tuned.options
    for name, value in tuned.options.items():
        found = read
        for part in name.split("."):
            found = found[part]
        assert found == value


def test_what_the_configuration_sets_is_kept(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}}, blend={"popular": 0.25})
    tuned = searched(config, toy_shop, trials=3)
    assert {"models.als.factors", "models.als.epochs", "blend.popular"} <= set(tuned.kept)
    assert not set(tuned.kept) & set(tuned.options)


def test_the_test_side_is_never_looked_at(configure: Configure, dataset: Dataset) -> None:
    """Whatever happens in the test period, the search finds the same, to the last digit."""
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    events = dataset.events
    later = events.time > split_events(events, config.evaluation).train.time[-1]
    rng = np.random.default_rng(0)
    spoilt = replace(
        events,
        item=np.where(later, rng.integers(0, len(dataset.items), len(events)), events.item).astype(np.int32),
        user=np.where(later & (events.user >= 0), rng.permutation(events.user), events.user).astype(np.int32),
        quantity=np.where(later, 50, events.quantity).astype(np.float32),
    )
    found = []
    for whole in (events, spoilt):
        training = replace(dataset, events=split_events(whole, config.evaluation).train)
        found.append(tune.tune_dataset(training, config, budget_minutes=5, trials=3))
    assert found[0] == found[1]
    assert found[0].options


def test_a_search_that_was_cut_off_goes_on(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    first = searched(config, toy_shop, trials=2)
    second = searched(config, toy_shop, trials=2)
    assert first.n_trials + first.n_pruned == 2
    assert second.n_trials + second.n_pruned == 4
    assert second.value >= first.value


def test_other_data_starts_a_search_of_its_own(configure: Configure, dataset: Dataset) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    early = replace(dataset, events=dataset.events.where(np.arange(len(dataset.events)) < len(dataset.events) * 3 // 4))
    for data in (dataset, early):
        tuned = tune.tune_dataset(data, config, budget_minutes=5, trials=2, folder=config.folder)
        assert tuned.n_trials + tuned.n_pruned == 2


def test_time_is_up_after_the_trial_that_runs(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    tuned = searched(config, toy_shop, budget_minutes=1e-4)
    assert tuned.n_trials + tuned.n_pruned == 1


def test_without_optuna_it_says_what_to_install(
    configure: Configure, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"alsobought\[tune\]"):
        searched(configure(models={"als": {"factors": 8, "epochs": 3}}), toy_shop, trials=1)


def failing_at(trial: int, failure: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one trial of the search fail."""
    whole, seen = Search.fitted, []

    def fitted(search: Search, options: Values) -> Bundle:
        seen.append(options)
        if len(seen) == trial:
            raise failure
        return whole(search, options)

    monkeypatch.setattr(Search, "fitted", fitted)


def test_a_trial_that_fails_is_counted_and_the_search_goes_on(
    configure: Configure, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(2, DataError("ALS diverged"), monkeypatch)
    tuned = searched(configure(models={"als": {"factors": 8, "epochs": 3}}), toy_shop, trials=4)
    assert (tuned.n_failed, tuned.n_trials + tuned.n_pruned) == (1, 3)


def test_an_interruption_writes_the_best_so_far(
    configure: Configure, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(4, KeyboardInterrupt(), monkeypatch)
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    with pytest.raises(KeyboardInterrupt):
        searched(config, toy_shop, trials=10)
    assert "[blend]" in (config.folder / "tuned.toml").read_text(encoding="utf-8")


def test_a_damaged_journal_is_said(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    (config.folder / "tune.journal").write_text("no journal\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"tune\.journal: .*delete it to start afresh"):
        searched(config, toy_shop, trials=1)


def test_what_an_earlier_search_found_is_tried_again(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    first = searched(config, toy_shop, trials=8)
    (config.folder / "tune.journal").unlink()
    assert searched(config, toy_shop, trials=2).value >= first.value


def test_with_everything_set_there_is_nothing_to_tune(configure: Configure, toy_shop: ToyShop) -> None:
    blend = {"als": 1.0, "item_knn": 0.5, "ease": 0.0, "co_purchase": 0.3, "popular": 0.2, "own": 3.0}
    models = {
        "als": {"factors": 8, "epochs": 3, "regularization": 1.0, "unobserved_weight": 0.1},
        "item_knn": {"user_exponent": 0.5, "item_exponent": 0.5, "neighbours": 50, "shrinkage": 0.0},
        "ease": {"regularization": 10.0},
        "popularity": {"half_life_days": 28.0},
    }
    config = configure(models=models, blend=blend, matrix={"half_life_days": 60.0})
    with pytest.raises(ConfigError, match="everything it searches is set"):
        searched(config, toy_shop, trials=1)


def test_an_interruption_before_anything_was_tried_keeps_the_earlier_file(
    configure: Configure, toy_shop: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    earlier = "[models.item_knn]\nneighbours = 400\n"
    (config.folder / "tuned.toml").write_text(earlier, encoding="utf-8")
    failing_at(1, KeyboardInterrupt(), monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        searched(config, toy_shop, trials=3)
    assert (config.folder / "tuned.toml").read_text(encoding="utf-8") == earlier


def test_an_earlier_value_that_is_not_searched_ends_no_search(configure: Configure, toy_shop: ToyShop) -> None:
    config = configure(models={"als": {"factors": 8, "epochs": 3}})
    (config.folder / "tuned.toml").write_text("[models.item_knn]\nneighbours = 123\n", encoding="utf-8")
    tuned = searched(config, toy_shop, trials=3)
    assert tuned.n_trials + tuned.n_pruned + tuned.n_failed == 3
    assert tuned.n_trials > 0
