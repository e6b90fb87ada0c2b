"""Choose the defaults of ALS: NDCG@20 on validation data of many sets, for a grid, for candidates, by steps and epochs.

    OMP_NUM_THREADS=1 python -m benchmarks.als_defaults --datasets FOLDER

Nothing is tuned on a test set. A set that comes split has a tenth of each user's training pairs held out; one with
times the four weeks before its last four; amazon-beauty each user's last item but one; retailrocket one bought item of
each user; steam and epub, which nobody splits, a tenth or fifth of the pairs. Sets named "values" hold what the
pipeline trains on (weighted, damped, decayed), and popularity is added as for-you adds it; the others are ones. FOLDER
has the sets' folders, each with Parquet files; a set that is not there is left out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.training.datasets import Split, validation_split
from benchmarks.training.quality import ndcg_and_recall, users_with_items
from benchmarks.training.record import RESULTS, describe_machine
from recommender.config import DEFAULT_EVENT_WEIGHTS, Evaluation, parse_config
from recommender.dataset import Dataset
from recommender.evaluation import split_events
from recommender.ingest import read_dataset
from recommender.matrix import build_histories, event_values, net_of_returns
from recommender.models import ALS, Popularity
from recommender.toy_shop import make_toy_shop

MOST_USERS = 3_000
POPULARITY = 0.5
CHOSEN: dict[str, Any] = {"factors": 128, "epochs": 8, "steps": 4}
GRID = [
    {**CHOSEN, "unobserved_weight": weight, "regularization": regularization}
    for weight, regularization in itertools.product((0.003, 0.01, 0.03, 0.1, 0.3, 1, 3), (0.1, 0.3, 1, 3, 10, 30, 100))
]
CANDIDATES: dict[str, dict[str, Any]] = {
    "chosen": CHOSEN,
    "chosen, 64 factors": {**CHOSEN, "factors": 64},
    "chosen, exponent 0.5": {**CHOSEN, "regularization_exponent": 0.5},
    "chosen, exponent 1": {**CHOSEN, "regularization_exponent": 1.0},
    "as implicit": {"factors": 100, "epochs": 15, "steps": 4, "unobserved_weight": 1, "regularization": 0.01},
    "before": {"factors": 64, "epochs": 12, "steps": 2, "unobserved_weight": 1, "regularization": 10},
}
STEPS, EPOCHS = (2, 3, 4, 8), (4, 6, 8, 12, 16)


@dataclass(frozen=True)
class Case:
    """What is trained on and what is asked; popularity, shape (I,), is added `weight` times."""

    train: sp.csr_matrix
    held_out: sp.csr_matrix
    popularity: np.ndarray
    weight: float

    def __post_init__(self) -> None:
        """Keep only the users and the items that training knows."""
        users, items = (np.flatnonzero(self.train.getnnz(axis=axis)) for axis in (1, 0))
        for name in ("train", "held_out"):
            object.__setattr__(self, name, getattr(self, name)[users][:, items].tocsr())
        object.__setattr__(self, "popularity", self.popularity[items])

    def score(self, als: ALS) -> tuple[float, float, int]:
        """Return NDCG@20, seconds of the fit, and the number of users."""
        users = users_with_items(self.held_out, MOST_USERS)
        start = time.perf_counter()
        model = als.fit(self.train)
        seconds = time.perf_counter() - start
        queries = np.zeros((self.train.shape[0], als.factors + 1), dtype=np.float32)
        queries[users, :-1] = model.fold_in(self.train[users])
        queries[users, -1] = self.weight
        vectors = np.column_stack([model.item_factors, self.popularity])
        return ndcg_and_recall(queries, vectors, self.train, self.held_out, users)[0], seconds, len(users)


def main() -> None:
    """Measure what was not asked to be left out and write benchmarks/results/als-defaults.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--complete-journey", type=Path, default=Path("data/complete-journey"), metavar="FOLDER")
    parser.add_argument(
        "--cache", type=Path, default=Path.home() / ".cache" / "alsobought-benchmarks", metavar="FOLDER"
    )
    asked = parser.parse_args()
    rows = []
    for name, cases in sets(asked):
        of_set = list(measure(name, cases))
        rows += of_set
        print(*summary(of_set), sep="\n", flush=True)
        write(rows)
    print_regret(rows)


def write(rows: list[dict[str, Any]]) -> None:
    """Write what has been measured so far."""
    record = {
        "kind": "als-defaults",
        "command": "OMP_NUM_THREADS=1 python -m benchmarks.als_defaults --datasets FOLDER",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe_machine(),
        "rows": rows,
    }
    (RESULTS / "als-defaults.json").write_text(json.dumps(record, indent=1) + "\n")


def measure(name: str, cases: list[Case]) -> Iterator[dict[str, Any]]:
    """Yield a row for every setting; several cases (seeds of a toy shop) count by their users."""
    by_steps = [{**CHOSEN, "steps": steps, "epochs": epochs} for steps in STEPS for epochs in EPOCHS]
    plans = {"grid": GRID, "steps and epochs": by_steps} | {label: [als] for label, als in CANDIDATES.items()}
    for part, settings in plans.items():
        for setting in settings:
            scores = np.array([case.score(ALS(threads=1, **setting)) for case in cases])
            ndcg = float(np.average(scores[:, 0], weights=scores[:, 2]))
            seconds = float(scores[:, 1].sum())
            yield {"set": name, "part": part, **setting, "ndcg": round(ndcg, 5), "seconds": round(seconds, 3)}


def sets(asked: argparse.Namespace) -> Iterator[tuple[str, list[Case]]]:
    """Yield name and cases of each set that is there."""
    for n_users in (300, 60):
        shops = [make_toy_shop(seed, n_users) for seed in range(4)]
        config = parse_config({"data": {"events": "given"}})
        timed = [by_time(read_dataset(config, events=shop.events)[0], skip=0) for shop in shops]
        yield f"toy shop of {n_users}", [ones for _, ones in timed]
        yield f"toy shop of {n_users}, values", [values for values, _ in timed]
    for name in ("amazon-electronics", "gowalla"):
        if (asked.datasets / name).exists():
            yield name, [of_ones(validation_split(argparse.Namespace(dataset=name, **vars(asked))))]
    for name, read in {"amazon-beauty-5core": beauty, "steam-200k": steam, "epub": epub}.items():
        if (path := asked.datasets / name / "interactions.parquet").exists():
            yield name, [of_ones(read(pd.read_parquet(path)))]
    if (path := asked.datasets / "retailrocket-multi" / "train.parquet").exists():
        values, ones = retailrocket(pd.read_parquet(path))
        yield "retailrocket", [ones]
        yield "retailrocket, values", [values]
    shops = {
        "online-retail": (asked.datasets / "online-retail" / "interactions.parquet", 1, [28]),
        "complete-journey": (asked.complete_journey / "events.parquet", 5, [28, 56]),
    }
    for name, (path, min_users, skips) in shops.items():
        if path.exists():
            dataset, _ = read_dataset(parse_config({"data": {"events": str(path), "max_refused": 1.0}}))
            timed = [by_time(dataset, skip, min_users) for skip in skips]
            yield name, [ones for _, ones in timed]
            yield f"{name}, values", [values for values, _ in timed]


def by_time(dataset: Dataset, skip: float, min_users: int = 1) -> tuple[Case, Case]:
    """Hold out what is bought anew in the four weeks that end `skip` days before the end: as values, and as ones."""
    events = dataset.events.where(dataset.events.time <= dataset.events.time[-1] - int(skip * 86_400))
    cut = split_events(events, Evaluation())
    train, test = net_of_returns(cut.train), net_of_returns(cut.test)
    n_items = len(dataset.items)
    histories = build_histories(
        train, event_values(train, DEFAULT_EVENT_WEIGHTS, damp_quantity=True, half_life_days=60.0)
    )
    values = histories.user_items(n_items, max_items_per_user=1000)
    seen = values.sign()
    values = sp.csr_matrix(values.multiply(values.getnnz(axis=0) >= min_users))
    values.eliminate_zeros()
    bought = test.where(test.is_type("purchase") & (test.user >= 0))
    held_out = ones(bought.user, bought.item, values.shape)
    held_out = sp.csr_matrix(held_out - held_out.multiply(seen))
    held_out.eliminate_zeros()
    goal = train.where(train.is_type("purchase"))
    popularity = Popularity().fit(goal, n_items, train.as_of).scores
    return Case(values, held_out, popularity, POPULARITY), Case(values.sign(), held_out, popularity, 0.0)


def of_ones(split: Split | tuple[sp.csr_matrix, sp.csr_matrix]) -> Case:
    """Return the case of two matrices of ones, without popularity."""
    train, held_out = split.matrices() if isinstance(split, Split) else split
    return Case(train, held_out, np.zeros(train.shape[1], dtype=np.float32), 0.0)


def beauty(events: pd.DataFrame) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out each user's last item but one; the last is the test."""
    back = events.groupby("user_id")["seq"].transform("max") - events["seq"]
    return parts(events, (back > 1).to_numpy(), (back == 1).to_numpy())


def steam(events: pd.DataFrame) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out a tenth of the purchases."""
    events = events[events["event"] == "purchase"].drop_duplicates(["user_id", "item_id"])
    held = np.random.default_rng(0).random(len(events)) < 0.1
    return parts(events, ~held, held)


def epub(events: pd.DataFrame) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out a fifth of the downloads."""
    events = events.drop_duplicates(["user_id", "item_id"])
    held = np.random.default_rng(0).random(len(events)) < 0.2
    return parts(events, ~held, held)


def retailrocket(events: pd.DataFrame) -> tuple[Case, Case]:
    """Hold out one bought item of each user, with its views and carts: as values, and as ones."""
    bought = events[events["event"] == "purchase"].sample(frac=1, random_state=0).drop_duplicates("user_id")
    held = pd.MultiIndex.from_frame(events[["user_id", "item_id"]]).isin(
        pd.MultiIndex.from_frame(bought[["user_id", "item_id"]])
    )
    weight = events["event"].map({"view": 0.1, "cart": 0.3, "purchase": 1.0}).to_numpy()
    age_days = (events["timestamp"].max() - events["timestamp"]).dt.total_seconds().to_numpy() / 86_400
    train, held_out = parts(events, ~held, held)
    rows, columns = codes(events)
    worth = (weight * np.exp2(-age_days / 60))[~held]
    values = sp.coo_matrix((worth, (rows[~held], columns[~held])), shape=train.shape, dtype=np.float32).tocsr()
    popularity = train.mean(axis=0).A1.astype(np.float32)
    return Case(values, held_out, popularity, POPULARITY), Case(train, held_out, popularity, 0.0)


def parts(events: pd.DataFrame, train: np.ndarray, held_out: np.ndarray) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Return two matrices of ones of the rows that two masks choose."""
    rows, columns = codes(events)
    shape = (rows.max() + 1, columns.max() + 1)
    first, second = (ones(rows[mask], columns[mask], shape) for mask in (train, held_out))
    return first, second


def codes(events: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return users and items as numbers from 0."""
    return pd.factorize(events["user_id"])[0], pd.factorize(events["item_id"])[0]


def ones(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    """Return the matrix that is 1 at each pair, however often it is given."""
    return sp.coo_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape).tocsr().sign()


def summary(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the best of one set's grid, and what each candidate reaches of the best of all."""
    best = max(rows, key=lambda row: row["ndcg"])
    grid = max((row for row in rows if row["part"] == "grid"), key=lambda row: row["ndcg"])
    at = f"unobserved weight {grid['unobserved_weight']}, regularization {grid['regularization']}"
    yield f"{best['set']}: best {best['ndcg']:.4f}; grid {grid['ndcg']:.4f} at {at}"
    for row in rows:
        if row["part"] in CANDIDATES:
            yield f"  {row['part']}: {row['ndcg'] / best['ndcg']:.3f}, {row['seconds']:.2f} s"


def print_regret(rows: list[dict[str, Any]]) -> None:
    """Print, as shares of each set's best, the candidates, the best constants, and the steps and epochs."""
    table = pd.DataFrame(rows)
    best = table.groupby("set")["ndcg"].max()
    table["share"] = table["ndcg"] / table["set"].map(best)
    for part, keys in {
        "grid": ["unobserved_weight", "regularization"],
        "steps and epochs": ["steps", "epochs"],
        "candidates": ["part"],
    }.items():
        of_part = table[table["part"].isin(CANDIDATES) if part == "candidates" else table["part"] == part]
        shares = of_part.pivot_table(index=keys, columns="set", values="share")
        shares.insert(0, "least", shares.min(axis=1))
        shares.insert(0, "mean", shares.drop(columns="least").mean(axis=1))
        shares.insert(0, "seconds", of_part.groupby(keys)["seconds"].sum())
        print(f"\n{part}\n{shares.sort_values('mean', ascending=False).head(12).round(3).to_string()}")


if __name__ == "__main__":
    main()
