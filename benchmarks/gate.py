"""How often the gate refuses what is no worse, and lets pass what is: A/A runs and recipes known to be worse.

    python -m benchmarks.gate --shops 200                                   generated toy shops, seconds each
    python -m benchmarks.gate --shops 300 --users 300 --only-same           A/A runs alone
    python -m benchmarks.gate --shop data/complete-journey.toml --runs 10   a shop of your own, minutes each

An A/A run compares a recipe with itself from another seed of the starting factors (the same seed gives the same
figures, so it could never be refused). Worse recipes are those of WORSE. What the gate refuses is counted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.record import write_record
from recommender.config import Config, load_config, parse_config
from recommender.dataset import Dataset
from recommender.evaluation.gate import LIVE_RECIPE, Verdict, judge
from recommender.ingest import read_dataset
from recommender.pipeline.evaluate import evaluate_dataset
from recommender.toy_shop import make_toy_shop

TOY = {"models": {"als": {"factors": 16, "epochs": 4}}}
Recipes = dict[str, dict[str, Any]]
"""Options that make another recipe of the live one, by name."""

WORSE: Recipes = {
    "best sellers only": {"blend": {"als": 0.0, "item_knn": 0.0, "ease": 0.0, "co_purchase": 0.0, "popular": 1.0}},
    "factors that memorise": {"models": {"als": {"regularization": 1e-3, "alpha": 100.0}}, "blend": {"popular": 0.0}},
    "half-life of a day": {"matrix": {"half_life_days": 1.0}},
}


def main() -> None:
    """Run what the command line asks for and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=100, help="Toy shops of different seeds.")
    parser.add_argument("--users", type=int, nargs="+", default=[100, 300, 1000], help="Users of each toy shop.")
    parser.add_argument("--shop", type=Path, help="A shop.toml instead of toy shops.")
    parser.add_argument("--runs", type=int, default=10, help="With --shop: runs, each with a seed of its own.")
    parser.add_argument("--only-same", action="store_true", help="A/A runs alone, no worse recipes.")
    arguments = parser.parse_args()
    worse = {} if arguments.only_same else WORSE
    if arguments.shop:
        config = load_config(arguments.shop)
        dataset = read_dataset(config)[0]
        name = arguments.shop.stem
        rows = [_row(name, _seeds(config, dataset, arguments.runs, worse))]
    else:
        name = "toy-shops-same" if arguments.only_same else "toy-shops"
        rows = [_row(f"toy shops of {n:,} users", _toys(n, arguments.shops, worse)) for n in arguments.users]
    write_record(f"gate-{name}", {"data": name}, rows, kind="gate")


def _toys(n_users: int, shops: int, worse: Recipes) -> Iterator[tuple[str, Verdict]]:
    for seed in range(shops):
        shop = make_toy_shop(seed=seed, n_users=n_users)
        config = parse_config(TOY)
        dataset = read_dataset(config, events=shop.events, catalogue=shop.catalogue)[0]
        yield from _compare(config, dataset, seed + 1, worse)


def _seeds(config: Config, dataset: Dataset, runs: int, worse: Recipes) -> Iterator[tuple[str, Verdict]]:
    for seed in range(1, runs + 1):
        yield from _compare(config, dataset, seed, worse if seed == 1 else {})


def _compare(live: Config, dataset: Dataset, seed: int, worse: Recipes) -> Iterator[tuple[str, Verdict]]:
    candidates = {"A/A": {"models": {"als": {"seed": seed}}}, **worse}
    for name, changes in candidates.items():
        report = evaluate_dataset(dataset, _changed(live, changes), rivals={LIVE_RECIPE: live})
        yield name, judge(report, live.gate, live="v00001")


def _changed(config: Config, changes: dict[str, Any]) -> Config:
    tree = config.model_dump(by_alias=True)
    for section, values in changes.items():
        for key, value in values.items():
            tree[section][key] = {**tree[section][key], **value} if isinstance(value, dict) else value
    return parse_config(tree, folder=config.folder)


def _row(name: str, verdicts: Iterator[tuple[str, Verdict]]) -> dict[str, Any]:
    found: dict[str, list[Verdict]] = {}
    for kind, verdict in verdicts:
        found.setdefault(kind, []).append(verdict)
    return {
        "data": name,
        "holdout_users": float(np.median([verdict.n_users for verdict in found["A/A"]])),
        "recipes": {
            kind: {"runs": len(verdicts), "refused": sum(bool(one.refusals) for one in verdicts)}
            for kind, verdicts in found.items()
        },
    }


if __name__ == "__main__":
    main()
