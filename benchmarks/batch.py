"""How long offline evaluation and export take: every user of gowalla, 30,000 users over 41,000 items, no sample.

    python -m benchmarks.batch --datasets FOLDER

A bundle is trained on train.parquet with the defaults. Measured in turn, three times: `evaluate` of the bundle's
for-you as served and of ALS alone, on all users of test.parquet (fits not counted), and the verb `export` for all
users and for all items, from the start of its process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.config import load_config
from recommender.evaluation import Holdout, PlacementModel, evaluate, hold_out
from recommender.models import ALS
from recommender.pipeline import train

K = 20
ROUNDS = 3


@dataclass(frozen=True)
class Factors:
    """Factors as a model: what the user owns is left out."""

    holdout: Holdout
    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
        """Return the best k by exact scores."""
        users = self.holdout.users.indices_of(user_ids)
        scores = self.user_factors[users] @ self.item_factors.T
        scores[self.holdout.user_items[users].nonzero()] = -np.inf
        best = np.argpartition(-scores, k, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        return [self.holdout.items.ids_of(row) for row in np.take_along_axis(best, order, axis=1).tolist()]


def main() -> None:
    """Train once, then measure in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, required=True, metavar="FOLDER", help="Has the folder gowalla.")
    data = parser.parse_args().datasets.resolve() / "gowalla"
    sides = [pd.read_parquet(data / f"{name}.parquet").astype(str) for name in ("train", "test")]
    holdout = hold_out(sides[0], test_events=sides[1])
    with tempfile.TemporaryDirectory() as name:
        shop = Path(name) / "shop.toml"
        shop.write_text(f'[data]\nevents = "{data / "train.parquet"}"\n[store]\npath = "models"\n', encoding="utf-8")
        train.run(load_config(shop))
        works = {**_evaluations(holdout, shop), **_exports(shop)}
        rows: list[dict[str, Any]] = []
        for turn in range(ROUNDS):
            for what, work in works.items():
                start = time.perf_counter()
                answers = work()
                rows.append({"what": what, "turn": turn, "seconds": time.perf_counter() - start, "answers": answers})
                print(rows[-1], flush=True)
    setting = {"dataset": "gowalla", "users": len(holdout.users), "items": len(holdout.items), "k": K}
    write_record("batch-gowalla", setting, rows, kind="batch")


def _evaluations(holdout: Holdout, shop: Path) -> dict[str, Callable[[], int]]:
    matrix = holdout.user_items
    als = ALS().fit(matrix)
    models = {
        "evaluate: for-you as served": PlacementModel(Store(load_config(shop).store_path).load_live()),
        "evaluate: ALS, exact scores": Factors(holdout, als.fold_in(matrix), als.item_factors),
    }

    def of(model: Any) -> Callable[[], int]:
        def work() -> int:
            report = evaluate({"model": model}, holdout, ("ndcg@20", "recall@20"), max_users=len(holdout.users))
            return report.tasks[0].n

        return work

    return {what: of(model) for what, model in models.items()}


def _exports(shop: Path) -> dict[str, Callable[[], int]]:
    def of(placement: str, *ids: str) -> Callable[[], int]:
        out = shop.with_name(f"{placement}.parquet")
        command = [sys.executable, "-m", "recommender", "export", "--config", str(shop), "--quiet"]

        def work() -> int:
            asked = [*command, "--placement", placement, *ids, "all", "--k", str(K), "--out", str(out)]
            subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)
            return len(pd.read_parquet(out))

        return work

    return {
        "export: for-you, all users": of("for-you", "--users"),
        "export: also-bought, all items": of("also-bought", "--items"),
        "export: similar-items, all items": of("similar-items", "--items"),
    }


if __name__ == "__main__":
    main()
