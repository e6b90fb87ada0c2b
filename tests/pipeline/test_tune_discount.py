"""The discount of also-bought that tune chooses: the largest that costs next to no recall."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.evaluation import split_events
from recommender.evaluation.tasks import goal_events
from recommender.ingest import read_dataset
from recommender.pipeline import tune
from recommender.pipeline.fit import fit_bundle
from recommender.pipeline.tuning import discount
from recommender.pipeline.tuning.option_names import with_options
from recommender.progress import silent
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure

NAME = discount.DISCOUNT
K = 10


@pytest.fixture(scope="module")
def dataset(toy_shop: ToyShop, toy_config: Config) -> Dataset:
    return read_dataset(toy_config, events=toy_shop.events, catalogue=toy_shop.catalogue)[0]


def search(dataset: Dataset, config: Config) -> tuple[Bundle, discount.Discounted]:
    """Return a bundle of the earlier events, and what a search on the later ones finds."""
    split = split_events(dataset.events, config.evaluation)
    earlier = replace(dataset, events=split.train)
    base = fit_bundle(earlier, config)
    test, known = goal_events(split.test, base.manifest.main_event), base.catalogue.servable
    return base, discount.search_discount(base, earlier, test, known, config, K, silent)


@pytest.mark.parametrize(
    ("recalls", "steps", "chosen"),
    [
        ((0.2, 0.199, 0.198, 0.1979), 4, 0.1),  # a hundredth less than the first, then a little more than that
        ((0.2, 0.21, 0.2078, 0.3), 3, 0.05),  # what comes after the first that falls short is never asked
        ((0.2, 0.1), 2, None),
        (tuple(np.full(len(discount.STEPS), 0.2)), len(discount.STEPS), discount.STEPS[-1]),
    ],
)
def test_the_largest_within_a_hundredth_of_the_best_is_chosen(
    recalls: tuple[float, ...],
    steps: int,
    chosen: float | None,
    dataset: Dataset,
    toy_config: Config,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = iter(recalls)

    def measured(_bundle: Bundle, _task: object, _known: NDArray[np.bool_], at: float, *_: object) -> discount.Step:
        return discount.Step(at, next(planned), 0.5)

    monkeypatch.setattr(discount, "_measured", measured)
    monkeypatch.setattr(discount, "LEAST_ORDERS", 1)
    base, found = search(dataset, toy_config)
    assert found.options == ({} if chosen is None else {NAME: chosen})
    assert len(found.steps) == steps
    if chosen is not None:
        config = with_options(toy_config, found.options)
        again = fit_bundle(replace(dataset, events=split_events(dataset.events, config.evaluation).train), config)
        np.testing.assert_array_equal(found.bundle.co_purchase.scores, again.co_purchase.scores)
        assert not np.array_equal(found.bundle.co_purchase.scores, base.co_purchase.scores)


def test_a_step_is_what_also_bought_reaches(
    dataset: Dataset, toy_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More discount shows more of the catalogue, and what is measured is neither nothing nor everything."""
    monkeypatch.setattr(discount, "LEAST_ORDERS", 1)
    monkeypatch.setattr(discount, "TOLERANCE", 1.0)
    _, found = search(dataset, toy_config)
    assert [step.popularity_discount for step in found.steps] == list(discount.STEPS)
    assert found.steps[-1].coverage >= found.steps[0].coverage
    assert all(0 < step.recall < 1 and 0 < step.coverage <= 1 for step in found.steps)


def test_too_few_orders_choose_nothing(dataset: Dataset, toy_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discount, "LEAST_ORDERS", 10**6)
    base, found = search(dataset, toy_config)
    assert found == discount.Discounted(base, {}, [])


def test_tune_writes_it_unless_the_shop_sets_it(
    configure: Configure, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discount, "LEAST_ORDERS", 1)
    monkeypatch.setattr(discount, "TOLERANCE", 1.0)
    small = {"als": {"factors": 8, "epochs": 3}}
    for options, steps, line in (({}, len(discount.STEPS), True), ({"popularity_discount": 0.2}, 0, False)):
        config = configure(models={**small, "co_purchase": options})
        tuned = tune.tune_dataset(dataset, config, budget_minutes=5, trials=2, folder=tmp_path)
        assert tuned.options
        assert (len(tuned.discounts), NAME in tuned.options, NAME not in tuned.kept) == (steps, line, line)
        file = (tmp_path / "tuned.toml").read_text(encoding="utf-8")
        assert ("[models.co_purchase]\npopularity_discount = 0.5\n" in file) == line
        assert ("popularity_discount" in file) == line
