"""Fake customers who push one item: how often real ones are shown it, with the limits of [influence] off and on.

    python -m benchmarks.attacks complete-journey --sizes 0.01
    python -m benchmarks.attacks online-retail --datasets FOLDER
    python -m benchmarks.attacks online-retail --datasets FOLDER --days 180 --sizes 0.01

Each fake customer makes a few orders within the last `--days`; the pushed item lies in each, beside fillers. What the
fillers are is the profile, after Lam & Riedl (WWW 2004) and Mobasher, Burke, Bhaumik & Williams (ACM TOIT 7(4), 2007),
whose profiles rate items; here they buy:

    random      any items
    average     items as often as customers buy them
    bandwagon   half of them the best sellers
    segment     half of them what the customers of one best seller buy more than others

Orders and their sizes are drawn from the real ones. Targets are items of 10 to 100 customers. Counted are the top 10 of
for-you of real customers who do not have the item, and of also-bought of items with customers enough. A line without
attack comes first: what the defences cost is its NDCG@10 of for-you, by the split of `alsobought evaluate`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.training.record import write_record
from recommender.bundle import Bundle
from recommender.config import Config, parse_config
from recommender.ingest import read_dataset
from recommender.pipeline.evaluate import evaluate_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, choose

JOURNEY = Path("data/complete-journey")
K = 10
BEST_SELLERS, SEGMENT = 20, 20
FEWEST, MOST = 10, 100
ANCHOR_CUSTOMERS = 20
OFF = {"repeats_per_day": 10**9, "events_per_day": 10**9, "events_per_session": 10**9, "burst_factor": 0.0}

Items = NDArray[np.object_]
Draw = Callable[[np.random.Generator, int], Items]


def main() -> None:
    """Attack, fit, ask, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("complete-journey", "online-retail"))
    parser.add_argument("--datasets", type=Path, metavar="FOLDER", help="Has online-retail/.")
    parser.add_argument("--journey", type=Path, default=JOURNEY, help="What data/complete_journey.py wrote.")
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.001, 0.01, 0.03], help="Fakes, by real customers.")
    parser.add_argument("--days", type=int, default=14, help="The attack takes the last so many days.")
    parser.add_argument("--targets", type=int, default=2, help="Pushed items, one at a time.")
    parser.add_argument("--users", type=int, default=1000, help="Customers, and items, asked about.")
    parser.add_argument("--no-quality", action="store_true", help="Leave out what the defences cost.")
    asked = parser.parse_args()
    shop = Shop(asked)
    rows = list(shop.rows(asked))
    name = f"attacks-{asked.dataset}" + ("" if asked.days == 14 else f"-{asked.days}-days")
    setting = {
        "dataset": asked.dataset,
        "days": asked.days,
        "targets": asked.targets,
        "asked": asked.users,
        "burst_users": Config().influence.burst_users,
    }
    write_record(name, setting, rows, kind="attacks")


class Shop:
    """The real data, and what attackers and counting need to know of it."""

    def __init__(self, asked: argparse.Namespace) -> None:
        if asked.dataset == "complete-journey":
            folder, events, self.factors = asked.journey, "events.parquet", 64
        else:
            folder, events, self.factors = asked.datasets / asked.dataset, "interactions.parquet", 64
        self.catalogue = pd.read_parquet(folder / "items.parquet").astype({"item_id": str})
        self.events = pd.read_parquet(folder / events)
        self.events["timestamp"] = pd.to_datetime(self.events["timestamp"], utc=True)
        real = self.events[self.events["user_id"].notna() & self.events["item_id"].isin(self.catalogue["item_id"])]
        pairs = real[["user_id", "item_id"]].drop_duplicates()
        self.customers = pairs.groupby("item_id")["user_id"].nunique().sort_values(ascending=False)
        self.pairs, self.n_users = pairs, pairs["user_id"].nunique()
        self.order_sizes = real.groupby("order_id")["item_id"].nunique().clip(2, 40).to_numpy()
        self.orders_of_user = real.groupby("user_id")["order_id"].nunique().clip(1, 4).to_numpy()
        rng = np.random.default_rng(0)
        rare = self.customers[(self.customers >= FEWEST) & (self.customers <= MOST)]
        places = ((np.arange(asked.targets) + 0.5) / asked.targets * len(rare)).astype(int)
        self.targets = [str(rare.index[place]) for place in places]
        self.asked_users = rng.permutation(pairs["user_id"].unique())[: asked.users]
        known = self.customers.index[self.customers >= ANCHOR_CUSTOMERS]
        self.asked_items = rng.permutation(known)[: asked.users]

    def rows(self, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
        """Yield a line for each profile, size and state of the defences, the clean ones first."""
        clean: dict[bool, dict[str, Any]] = {}
        for defended in (False, True):
            config, start = self.config(defended=defended), time.perf_counter()
            bundle = self.fit(self.events, config)
            seen = [self.hits(bundle, target) for target in self.targets]
            quality = {} if asked.no_quality else self.quality(config)
            row = {"profile": "none", "fakes": 0, "size": 0.0, "defended": defended, **_mean(seen), **quality}
            row["withheld"] = bundle.manifest.withheld
            clean[defended] = row
            print(f"{row} in {time.perf_counter() - start:.0f} s", flush=True)
            yield row
        for size in asked.sizes:
            for profile in PROFILES:
                for defended in (False, True):
                    config = self.config(defended=defended)
                    seen, withheld = [], []
                    for number, target in enumerate(self.targets):
                        fakes = self.fakes(profile, target, size, asked.days, seed=number)
                        bundle = self.fit(pd.concat([self.events, fakes]), config)
                        seen.append(self.hits(bundle, target))
                        withheld.append(bundle.manifest.withheld.get("bursts", 0))
                    fakes_of_run = max(round(size * self.n_users), 1)
                    row = {"profile": profile, "fakes": fakes_of_run, "size": size, "defended": defended, **_mean(seen)}
                    row["withheld"] = {"bursts": float(np.mean(withheld))}
                    print(row, flush=True)
                    yield row

    def config(self, *, defended: bool) -> Config:
        """Return the defaults, with or without defences; fewer factors, as many fits are made."""
        return parse_config({"models": {"als": {"factors": self.factors}}, **({} if defended else {"influence": OFF})})

    def fit(self, events: pd.DataFrame, config: Config) -> Bundle:
        """Fit on events and catalogue."""
        return fit_bundle(read_dataset(config, events=events, catalogue=self.catalogue)[0], config)

    def quality(self, config: Config) -> dict[str, Any]:
        """Return NDCG@10 of for-you on the clean data."""
        dataset = read_dataset(config, events=self.events, catalogue=self.catalogue)[0]
        return {"ndcg@10": evaluate_dataset(dataset, config).metrics["for-you/alsobought/ndcg@10"]}

    def hits(self, bundle: Bundle, target: str) -> dict[str, float]:
        """Return the share of for-you and of also-bought lists that show the target."""
        owners = set(self.pairs["user_id"][self.pairs["item_id"] == target])
        for_you = [Query("for-you", K, user_id=str(user)) for user in self.asked_users if user not in owners]
        also_bought = [Query("also-bought", K, item_ids=(str(item),)) for item in self.asked_items if item != target]
        item = bundle.items.index_of(target)
        return {
            name: float(np.mean([item in choose(bundle, query).items for query in queries]))
            for name, queries in (("for-you", for_you), ("also-bought", also_bought))
        }

    def fakes(self, profile: str, target: str, size: float, days: int, *, seed: int) -> pd.DataFrame:
        """Return the orders of the fake customers."""
        rng = np.random.default_rng(seed)
        draw = PROFILES[profile](self, rng)
        end = self.events["timestamp"].max()
        rows = []
        for fake in range(max(round(size * self.n_users), 1)):
            for order in range(rng.choice(self.orders_of_user)):
                moment = end - pd.Timedelta(rng.uniform(0, days), "D")
                bought = {target, *draw(rng, int(rng.choice(self.order_sizes)) - 1)}
                rows += [(f"fake-{fake}", f"fake-{fake}-{order}", item, moment) for item in sorted(bought)]
        fakes = pd.DataFrame(rows, columns=["user_id", "order_id", "item_id", "timestamp"])
        return fakes.assign(event="purchase", quantity=1)

    def segment(self, rng: np.random.Generator) -> Items:
        """Return what the customers of one of the best sellers buy more than others."""
        anchor = rng.choice(self.customers.index[:BEST_SELLERS])
        theirs = self.pairs[self.pairs["user_id"].isin(self.pairs["user_id"][self.pairs["item_id"] == anchor])]
        counts = theirs.groupby("item_id")["user_id"].nunique()
        more = counts / np.sqrt(self.customers[counts.index])
        return more.nlargest(SEGMENT).index.to_numpy()


def _any_of(items: Items, chances: NDArray[np.float64] | None = None) -> Draw:
    return lambda rng, n: rng.choice(items, size=min(n, len(items)), replace=False, p=chances)


def _half(first: Items, rest: Items) -> Draw:
    return lambda rng, n: np.concatenate([_any_of(first)(rng, (n + 1) // 2), _any_of(rest)(rng, n // 2)])


def _average(shop: Shop) -> Draw:
    return _any_of(shop.customers.index.to_numpy(), (shop.customers / shop.customers.sum()).to_numpy())


PROFILES: dict[str, Callable[[Shop, np.random.Generator], Draw]] = {
    "random": lambda shop, _: _any_of(shop.customers.index.to_numpy()),
    "average": lambda shop, _: _average(shop),
    "bandwagon": lambda shop, _: _half(shop.customers.index[:BEST_SELLERS].to_numpy(), shop.customers.index.to_numpy()),
    "segment": lambda shop, rng: _half(shop.segment(rng), shop.customers.index.to_numpy()),
}


def _mean(seen: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in seen])) for name in seen[0]}


if __name__ == "__main__":
    main()
