"""How good for-you gets: tune on validation data, train on all training data, and score the test set once.

    python -m benchmarks.quality gowalla --datasets FOLDER --budget-minutes 25
    python -m benchmarks.quality amazon-electronics --datasets FOLDER --budget-minutes 10
    python -m benchmarks.quality complete-journey-new --budget-minutes 15
    python -m benchmarks.quality complete-journey-all --budget-minutes 15

The verbs are run as a user would run them, on a shop.toml that holds nothing but where the data is and how it is split:
no option is set for a data set. Gowalla and amazon-electronics come as train.parquet and test.parquet (user_id,
item_id), the standard split of the published tables. Complete Journey is what data/complete_journey.py wrote; its last
28 days are the test, and there is no catalogue: it leaves out what is no goods, petrol among them, which others count.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.config import Config, load_config
from recommender.pipeline import evaluate, train, tune
from recommender.placements import Query, choose

K = 20
PUBLISHED = ("gowalla", "amazon-electronics")
JOURNEY = Path("data/complete-journey")


def main() -> None:
    """Tune, train, score, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=(*PUBLISHED, "complete-journey-new", "complete-journey-all"))
    parser.add_argument("--datasets", type=Path, metavar="FOLDER", help="Has a folder for each published data set.")
    parser.add_argument("--journey", type=Path, default=JOURNEY, help="What data/complete_journey.py wrote.")
    parser.add_argument("--budget-minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sections = _published(asked) if asked.dataset in PUBLISHED else _journey(asked)
        (folder / "shop.toml").write_text(_toml(sections), encoding="utf-8")
        start = time.perf_counter()
        tuned = tune.run(
            load_config(folder / "shop.toml"), budget_minutes=asked.budget_minutes, seed=asked.seed, progress=_say
        )
        minutes = {"tune": (time.perf_counter() - start) / 60}
        start = time.perf_counter()
        config = load_config(folder / "shop.toml")
        figures = _score_published(config, asked) if asked.dataset in PUBLISHED else _score_journey(config)
        minutes["train and test"] = (time.perf_counter() - start) / 60
    row = {
        **figures,
        "validation": {"metric": tuned.metric, "before": tuned.value_before, "tuned": tuned.value},
        "trials": tuned.n_trials,
        "options": tuned.options,
        "minutes": {name: round(value, 2) for name, value in minutes.items()},
    }
    setting = {"dataset": asked.dataset, "budget_minutes": asked.budget_minutes, "seed": asked.seed}
    write_record(f"quality-{asked.dataset}", setting, [row], kind="quality")
    print(row)


def _published(asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    folder = asked.datasets.resolve() / asked.dataset
    return {
        "data": {"events": str(folder / "train.parquet")},
        "evaluation": {"split": "given", "test_events": str(folder / "test.parquet")},
    }


def _journey(asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    folder = asked.journey.resolve()
    sections: dict[str, dict[str, Any]] = {
        "data": {"events": str(folder / "events.parquet")},
        "matrix": {"min_users_per_item": 5},
    }
    if asked.dataset == "complete-journey-all":
        sections["placements.for-you"] = {"exclude_owned": False, "exclude_seen": False}
    return sections


def _score_published(config: Config, asked: argparse.Namespace) -> dict[str, Any]:
    """Train on all training pairs and rank all items for every test user; both conventions of recall."""
    train.run(config, progress=_say)
    bundle = Store(config.store_path).load_live()
    test = pd.read_parquet(asked.datasets / asked.dataset / "test.parquet").astype(str)
    relevant = test.groupby("user_id")["item_id"].agg(set)
    discounts = 1 / np.log2(np.arange(2, K + 2))
    recall, recall_min, ndcg = [], [], []
    for user, right in relevant.items():
        slate = choose(bundle, Query("for-you", k=K, user_id=str(user))).rows(bundle)
        hits = np.array([item_id in right for item_id, *_ in slate])
        recall.append(hits.sum() / len(right))
        recall_min.append(hits.sum() / min(K, len(right)))
        ndcg.append(discounts[: len(hits)][hits].sum() / discounts[: min(K, len(right))].sum())
    return {
        "users": len(recall),
        "recall@20": float(np.mean(recall)),
        "recall@20, of at most 20": float(np.mean(recall_min)),
        "ndcg@20": float(np.mean(ndcg)),
    }


def _score_journey(config: Config) -> dict[str, Any]:
    report = evaluate.run(config, progress=_say)
    return {
        "users": max(row.n for row in report.rows if row.task == "for-you"),
        "ndcg@20": report.metrics["for-you/alsobought/ndcg@20"],
        "best sellers ndcg@20": report.metrics["for-you/best sellers/ndcg@20"],
    }


def _toml(sections: dict[str, dict[str, Any]]) -> str:
    lines = []
    for section, options in {**sections, "store": {"path": "models"}}.items():
        lines += [f"[{section}]", *(f"{name} = {_value(value)}" for name, value in options.items()), ""]
    return "\n".join(lines)


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _say(stage: str, done: int, _: int | None) -> None:
    if stage.startswith("tune"):
        print(f"{stage}: {done} trials", flush=True)


if __name__ == "__main__":
    main()
