"""Reports to draw: of the toy shop, and of a shop whose every name is an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from recommender.config import Config, parse_config
from recommender.evaluation import EvaluationReport

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = '<script>alert("x")</script>'
ODD = 'a "quoted", id'

Shop = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="session")
def toy_report(toy_config: Config) -> EvaluationReport:
    from recommender.pipeline import evaluate

    return evaluate.run(toy_config)


@pytest.fixture(scope="session")
def odd_shop() -> Shop:
    """Two months of four customers and five items; ids, titles and categories hold markup, quotes and commas."""
    items = [f"{EVIL}{n}" for n in range(3)] + [ODD, "x&y;'"]
    users = [EVIL, ODD, "a/b", "&amp;"]
    days = pd.date_range("2026-01-01", periods=60, freq="D", tz="UTC")
    rows = [
        (users[day % 4], items[(day + 2 * (day // 4) + extra) % 5], "purchase", days[day], f"{EVIL}{day}")
        for day in range(60)
        for extra in range(2)
    ]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "timestamp", "order_id"])
    catalogue = pd.DataFrame(
        {
            "item_id": items,
            "title": [f"</td><img src=x onerror=alert(1)>{n}" for n in range(5)],
            "category": [f"{EVIL} > a", f"{EVIL} > b", "B & C", None, "B & C"],
            "price": [1.0, 2.0, None, 4.0, 0.0],
        }
    )
    return events, catalogue


@pytest.fixture(scope="session")
def evaluated() -> Callable[..., EvaluationReport]:
    """Evaluate tables with a small configuration; sections given replace its own."""
    from recommender.pipeline import evaluate
    from recommender.pipeline.check import read_and_check

    def run(events: pd.DataFrame, catalogue: pd.DataFrame | None = None, **sections: object) -> EvaluationReport:
        tree = {
            "models": {"als": {"factors": 4, "epochs": 2}, "co_purchase": {"min_support": 1}},
            "evaluation": {"test_days": 15},
            "placements": {"for-you": {"exclude_seen": False, "exclude_owned": False}},
        }
        config = parse_config({**tree, **sections})
        return evaluate.evaluate_dataset(read_and_check(config, events=events, catalogue=catalogue)[0], config)

    return run


@pytest.fixture(scope="session")
def odd_report(odd_shop: Shop, evaluated: Callable[..., EvaluationReport]) -> EvaluationReport:
    return evaluated(*odd_shop)
