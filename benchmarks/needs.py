"""How good up-sell and buy-again are, as served, on Complete Journey.

    python -m benchmarks.needs
    python -m benchmarks.needs --validation
    python -m benchmarks.needs --validation 2

up-sell: the last 8 weeks are the test; asked about is the last item of each product type that a household bought
before, right are its first purchases of that type 1.05 to 2 times dearer, items with at least 5 households in training.
The rivals show such items only, too. buy-again: the last 28 days are the test;
right are the past items that a household bought again. With --validation the test is put away, and the same questions
are put to the 8 weeks and 28 days before it, with 2 to those before these: defaults were chosen there. Prices are
medians paid in the 90 days before the cut, so that none is known too early. No option is set but those that a row
names.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.training.record import write_record
from recommender.bundle import Bundle
from recommender.config import Config, parse_config
from recommender.dataset import Catalogue, Dataset, Events
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.metrics import hits_of, ndcg, recall
from recommender.evaluation.tasks import Task, buy_again_task, goal_events, up_sell_task
from recommender.ingest import read_dataset
from recommender.matrix import SECONDS_PER_DAY
from recommender.models.up_sell import prices
from recommender.pipeline.fit import fit_bundle

JOURNEY = Path("data/complete-journey")
UP_SELL_DAYS, BUY_AGAIN_DAYS, PRICE_DAYS, POPULAR_DAYS = 56, 28, 90, 28
HALF_LIVES = (15, 30, 60, 90, 120, 240)
LEAST_BUYERS = 5
MOST_CASES = 10_000
K = 10
PARTS = ("test", "validation", "validation-2")

Slates = NDArray[np.int32]


def main() -> None:
    """Fit, ask, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journey", type=Path, default=JOURNEY, help="What data/complete_journey.py wrote.")
    parser.add_argument(
        "--validation",
        type=int,
        nargs="?",
        const=1,
        default=0,
        choices=(1, 2),
        help="Put the test away and ask about what is before it; 2: about what is before that.",
    )
    asked = parser.parse_args()
    dataset, config = _read(asked.journey)
    end = int(dataset.events.time[-1])
    shift = asked.validation
    rows = [
        *_up_sell(dataset, config, end - shift * UP_SELL_DAYS * SECONDS_PER_DAY),
        *_buy_again(dataset, config, end - shift * BUY_AGAIN_DAYS * SECONDS_PER_DAY),
    ]
    part = PARTS[asked.validation]
    write_record(f"needs-{part}", {"dataset": "complete-journey", "part": part}, rows, kind="needs")


def _read(folder: Path) -> tuple[Dataset, Config]:
    tree = {"events": str(folder.resolve() / "events.parquet"), "catalogue": str(folder.resolve() / "items.parquet")}
    config = parse_config({"data": tree})
    return read_dataset(config)[0], config


def _cut(dataset: Dataset, end: int, days: int) -> tuple[Dataset, Events]:
    """Return what is known `days` before the end, prices included, and the events from there to the end."""
    cut, time = end - days * SECONDS_PER_DAY, dataset.events.time
    train, test = dataset.events.where(time <= cut), dataset.events.where((time > cut) & (time <= end))
    table = dataset.catalogue.table
    column = table.column_names.index("price")
    unpriced = Catalogue(table.set_column(column, "price", pa.array(np.full(len(table), np.nan))))
    recent = prices(unpriced, train.where(train.time > cut - PRICE_DAYS * SECONDS_PER_DAY))
    known = np.where(np.isnan(recent), prices(unpriced, train), recent)
    catalogue = Catalogue(table.set_column(column, "price", pa.array(known)))
    return replace(dataset, events=train, catalogue=catalogue), test


def _up_sell(dataset: Dataset, config: Config, end: int) -> list[dict[str, Any]]:
    before, after = _cut(dataset, end, UP_SELL_DAYS)
    bundle = fit_bundle(before, config, progress=_say)
    train, test = goal_events(before.events, "purchase"), goal_events(after, "purchase")
    recent, ever = (_buyers(part, len(bundle.items)) for part in (_last(train, POPULAR_DAYS), train))
    known = bundle.catalogue.servable & (ever >= LEAST_BUYERS)
    task = up_sell_task(bundle, train, test, known, MOST_CASES)

    def in_band(scores: NDArray[np.float64], *, hide_owned: bool) -> Callable[[], Slates]:
        return lambda: _in_band(bundle, task, np.where(known, scores, -np.inf), hide_owned=hide_owned)

    asked: dict[str, Callable[[], Slates]] = {
        "most popular of the type in the band": in_band(ever, hide_owned=False),
        "the same, less what the household bought before": in_band(ever, hide_owned=True),
        f"the same, of the last {POPULAR_DAYS} days": in_band(recent, hide_owned=True),
        "next dearer of the type": in_band(-bundle.trade_ups.price.astype(np.float64), hide_owned=False),
        "up-sell as served": lambda: _served(bundle, task),
        "up-sell as served, gain_weight 0": lambda: _served(_with_gain(bundle, 0.0), task),
        "up-sell as served, gain_weight 1": lambda: _served(_with_gain(bundle, 1.0), task),
    }
    rows = []
    for name, answer in asked.items():
        start = time.perf_counter()
        slates = answer()
        hits = hits_of(slates, task.relevant)
        gained = bundle.trade_ups.price[slates[:, :3]] - bundle.trade_ups.price[_anchors(bundle, task)][:, None]
        row = {
            "placement": "up-sell",
            "model": name,
            "cases": len(task),
            "recall@1": float(recall(hits, task.relevant.sizes, 1).mean()),
            "recall@3": float(recall(hits, task.relevant.sizes, 3).mean()),
            "gain@3": float(np.where(hits[:, :3], gained, 0).sum(axis=1).mean()),
            "seconds": round(time.perf_counter() - start, 1),
        }
        rows.append(row)
        print(row, flush=True)
    return rows


def _buy_again(dataset: Dataset, config: Config, end: int) -> list[dict[str, Any]]:
    before, after = _cut(dataset, end, BUY_AGAIN_DAYS)
    bundle = fit_bundle(before, config, progress=_say)
    train, test = goal_events(before.events, "purchase"), goal_events(after, "purchase")
    servable = bundle.catalogue.servable
    task = buy_again_task(bundle, train, test, servable, MOST_CASES)
    best = max(HALF_LIVES, key=lambda days: _validated(train, servable, days))
    rows = []
    for name, slates in (
        (f"personal counts, half-life {best} days (best on validation)", _counts(train, servable, task, bundle, best)),
        ("buy-again as served", _served(bundle, task)),
    ):
        value = ndcg(hits_of(slates, task.relevant), task.relevant.sizes, K)
        row = {"placement": "buy-again", "model": name, "cases": len(task), "ndcg@10": float(value.mean())}
        rows.append(row)
        print(row, flush=True)
    return rows


def _validated(train: Events, servable: NDArray[np.bool_], half_life_days: int) -> float:
    """Return NDCG@10 of personal counts on the last 28 days of training."""
    cut, n_items = int(train.time[-1]) - BUY_AGAIN_DAYS * SECONDS_PER_DAY, len(servable)
    earlier, later = train.where(train.time <= cut), train.where((train.time > cut) & servable[train.item])
    past, again = (np.unique(side.user.astype(np.int64) * n_items + side.item) for side in (earlier, later))
    pairs = np.intersect1d(past, again)
    users, place = np.unique(pairs // n_items, return_inverse=True)
    relevant = ItemLists.of_pairs(place, pairs % n_items, len(users))
    slates = _most(earlier.where(servable[earlier.item]), users, n_items, half_life_days)
    return float(ndcg(hits_of(slates, relevant), relevant.sizes, K).mean())


def _counts(train: Events, servable: NDArray[np.bool_], task: Task, bundle: Bundle, half_life_days: int) -> Slates:
    return _most(train.where(servable[train.item]), task.units, len(bundle.items), half_life_days)


def _most(train: Events, users: NDArray[np.int64], n_items: int, half_life_days: int) -> Slates:
    """Return what each user bought most, a purchase counting half after the half-life, shape (users, K)."""
    pairs, place = np.unique(train.user.astype(np.int64) * n_items + train.item, return_inverse=True)
    age_days = (int(train.time[-1]) - train.time) / SECONDS_PER_DAY
    scores = np.bincount(place, np.exp2(-age_days / half_life_days))
    starts, ends = (np.searchsorted(pairs, edge * n_items) for edge in (users, users + 1))
    slates = np.full((len(users), K), -1, dtype=np.int32)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        best = np.argsort(-scores[start:end], kind="stable")[:K]
        slates[row, : len(best)] = pairs[start:end][best] % n_items
    return slates


def _buyers(train: Events, n_items: int) -> NDArray[np.float64]:
    pairs = np.unique(train.user.astype(np.int64) * n_items + train.item)
    return np.bincount(pairs % n_items, minlength=n_items).astype(np.float64)


def _last(train: Events, days: int) -> Events:
    return train.where(train.time > train.time[-1] - days * SECONDS_PER_DAY)


def _in_band(bundle: Bundle, task: Task, scores: NDArray[np.float64], *, hide_owned: bool) -> Slates:
    """Return the best three of the anchor's category in the band, those scored -inf left out."""
    config, category = bundle.config.models.up_sell, bundle.catalogue.category
    members = {int(code): np.flatnonzero(category == code) for code in np.unique(category[_anchors(bundle, task)])}
    slates = np.full((len(task), K), -1, dtype=np.int32)
    price = bundle.trade_ups.price.astype(np.float64)
    for case, anchor in enumerate(_anchors(bundle, task).tolist()):
        items = members[int(category[anchor])]
        with np.errstate(invalid="ignore"):
            ratio = price[items] / price[anchor]
        items = items[(ratio >= config.low - 1e-6) & (ratio <= config.high + 1e-6)]
        items = items[np.isfinite(scores[items])]
        if hide_owned:
            items = items[~np.isin(items, task.given.of(case))]
        best = items[np.argsort(-scores[items], kind="stable")][:3]
        slates[case, : len(best)] = best
    return slates


def _anchors(bundle: Bundle, task: Task) -> NDArray[np.int32]:
    return bundle.items.indices_of(task.ids)


def _served(bundle: Bundle, task: Task) -> Slates:
    return answer_tasks(bundle, [task], K)[0].slates


def _with_gain(bundle: Bundle, weight: float) -> Bundle:
    models = bundle.config.models
    changed = models.model_copy(update={"up_sell": models.up_sell.model_copy(update={"gain_weight": weight})})
    config = bundle.config.model_copy(update={"models": changed})
    manifest = bundle.manifest.model_copy(update={"config": config.model_dump(mode="json", by_alias=True)})
    return replace(bundle, config=config, manifest=manifest)


def _say(stage: str, done: int, total: int | None) -> None:
    if done == total:
        print(stage, flush=True)


if __name__ == "__main__":
    main()
