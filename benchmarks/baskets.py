"""How good also-bought and cross-sell are, as served, beside counting.

    python -m benchmarks.baskets complete-journey
    python -m benchmarks.baskets online-retail --datasets FOLDER
    python -m benchmarks.baskets amazon-beauty-5core --datasets FOLDER
    python -m benchmarks.baskets complete-journey --validation

also-bought: one item of each test order, drawn, is given, and the rest is right; orders of at least two items that at
least ten training orders hold. The test is the last 8% of lines of Complete Journey, the last 28 days of Online Retail.
On amazon-beauty-5core, which has no times, right is what Amazon's own also_bought lists.

cross-sell, on Complete Journey: half of each order of the last 28 days is given, the rest is right; orders of at least
four items that at least five households bought in training.

With --validation the test is put away, and the same is asked about the period of that length before it: defaults were
chosen there. No option is set but those that a row names.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.training.record import write_record
from recommender.bundle import Bundle
from recommender.bundle.manifest import config_record
from recommender.config import parse_config
from recommender.dataset import Dataset, Events
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.measure import source_shares
from recommender.evaluation.metrics import hits_of, recall
from recommender.evaluation.tasks import ALSO_BOUGHT, Task, also_bought_task, cross_sell_task, goal_events
from recommender.ingest import read_dataset
from recommender.matrix import SECONDS_PER_DAY
from recommender.models import build_baskets
from recommender.pipeline.fit import fit_bundle
from recommender.placements import MAX_K

JOURNEY = Path("data/complete-journey")
K = 10
MOST_CASES = 10_000
LINES, DAYS = 0.08, 28
MIN_ORDERS, MIN_HOUSEHOLDS = 10, 5
BLOCK = 500

Slates = NDArray[np.int32]
Row = dict[str, Any]


def main() -> None:
    """Fit, ask, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("complete-journey", "online-retail", "amazon-beauty-5core"))
    parser.add_argument("--datasets", type=Path, metavar="FOLDER", help="Has a folder for each data set but the first.")
    parser.add_argument("--journey", type=Path, default=JOURNEY, help="What data/complete_journey.py wrote.")
    parser.add_argument("--validation", action="store_true", help="Put the test away and ask about what is before it.")
    asked = parser.parse_args()
    if asked.dataset == "complete-journey":
        dataset = _read(asked.journey / "events.parquet", asked.journey / "items.parquet")
        rows = [
            *_also_bought(*_last_lines(dataset, asked.validation)),
            *_cross_sell(*_last_days(dataset, asked.validation)),
        ]
    else:
        folder = asked.datasets / asked.dataset
        dataset = _read(folder / "interactions.parquet", folder / "items.parquet")
        if asked.dataset == "online-retail":
            rows = _also_bought(*_last_days(dataset, asked.validation))
        else:
            rows = _amazon(dataset, pd.read_parquet(folder / "item_relations.parquet"))
    part = "validation" if asked.validation else "test"
    write_record(f"baskets-{asked.dataset}-{part}", {"dataset": asked.dataset, "part": part}, rows, kind="baskets")


def _read(events: Path, catalogue: Path) -> Dataset:
    return read_dataset(parse_config({"data": {"events": str(events), "catalogue": str(catalogue)}}))[0]


def _last_lines(dataset: Dataset, validation: bool) -> tuple[Dataset, Events]:
    """Return the data before, and the events of, the last 8% of lines."""
    events = dataset.events
    for _ in range(1 + validation):
        cut = int(events.time[int(len(events) * (1 - LINES))])
        train, test = events.where(events.time < cut), events.where(events.time >= cut)
        events = train
    return replace(dataset, events=train), test


def _last_days(dataset: Dataset, validation: bool) -> tuple[Dataset, Events]:
    end = int(dataset.events.time[-1]) - validation * DAYS * SECONDS_PER_DAY
    start = end - DAYS * SECONDS_PER_DAY
    time = dataset.events.time
    return replace(dataset, events=dataset.events.where(time <= start)), dataset.events.where(
        (time > start) & (time <= end)
    )


def _also_bought(dataset: Dataset, test: Events) -> list[Row]:
    bundle = fit_bundle(dataset, parse_config({"data": {"events": "given"}}))
    by_basket = _baskets(dataset)
    orders = np.asarray(by_basket.sum(axis=0)).ravel()
    known = orders >= MIN_ORDERS
    task = also_bought_task(bundle, goal_events(test, "purchase"), known, MOST_CASES)
    given, size = task.given.items, np.asarray(by_basket.sum(axis=1)).ravel()
    rows = [
        _row(task, known, "best sellers", _top(lambda anchors: np.repeat(orders[None], len(anchors), 0), given, known)),
        _row(task, known, "counts", _top(_counting(by_basket, np.ones(len(size))), given, known)),
        _row(task, known, "counts by 1 / ln(1 + size)", _top(_counting(by_basket, 1 / np.log1p(size)), given, known)),
    ]
    for discount in (0.0, 0.1, 0.2):
        served = bundle if discount == 0 else _with_discount(dataset, discount)
        name = "alsobought" if discount == 0 else f"alsobought, popularity_discount {discount:g}"
        rows.append(_served(task, known, name, served))
    return rows


def _with_discount(dataset: Dataset, discount: float) -> Bundle:
    tree = {"data": {"events": "given"}, "models": {"co_purchase": {"popularity_discount": discount}}}
    return fit_bundle(dataset, parse_config(tree))


def _cross_sell(dataset: Dataset, test: Events) -> list[Row]:
    bundle = fit_bundle(dataset, parse_config({"data": {"events": "given"}}))
    by_basket = _baskets(dataset)
    goal = goal_events(dataset.events, "purchase")
    pairs = np.unique(goal.actor.astype(np.int64) * len(dataset.items) + goal.item)
    known = np.bincount(pairs % len(dataset.items), minlength=len(dataset.items)) >= MIN_HOUSEHOLDS
    task = cross_sell_task(bundle, goal_events(test, "purchase"), known, MOST_CASES)
    category = dataset.catalogue.category
    orders, size = (np.asarray(by_basket.sum(axis=axis)).ravel() for axis in (0, 1))
    counts = (by_basket.T @ sp.diags_array(1 / np.log1p(size)) @ by_basket).tocsr()
    shares = (sp.diags_array(1 / np.maximum(orders, 1)) @ (by_basket.T @ by_basket)).tocsr()
    rows = []
    for struck in (False, True):
        mode = "items of a type in the basket struck out" if struck else "all items"
        for name, scores in (
            ("best sellers", lambda _: orders),
            ("summed counts by 1 / ln(1 + size)", lambda basket: np.asarray(counts[basket].sum(axis=0)).ravel()),
            ("summed conditional probabilities", lambda basket: np.asarray(shares[basket].sum(axis=0)).ravel()),
        ):
            slates = np.full((len(task), K), -1, dtype=np.int32)
            for case in range(len(task)):
                basket = task.given.of(case)
                score = np.where(known, scores(basket), 0)
                score[basket] = 0
                if struck:
                    score[np.isin(category, category[basket])] = 0
                slates[case] = _best(score)
            rows.append(_of_kinds(_row(task, known, f"{name}, {mode}", slates), task, slates, category))
    for value, wanted in (("false", False), ('"auto"', "auto"), ("true", True)):
        served = _complements(bundle, wanted)
        slates = answer_tasks(served, [task], K)[0].slates
        rows.append(
            _of_kinds(_served(task, known, f"alsobought, complements_only = {value}", served), task, slates, category)
        )
    long = answer_tasks(_complements(bundle, False), [task], MAX_K)[0].slates
    slates = np.array([_struck(slate, category, task.given.of(case)) for case, slate in enumerate(long)])
    rows.append(_of_kinds(_row(task, known, "alsobought, types struck out", slates), task, slates, category))
    return rows


def _struck(slate: Slates, category: NDArray[np.int32], basket: NDArray[np.int32]) -> Slates:
    """Return the best of a slate of no product type of the basket."""
    left = slate[(slate >= 0) & ~np.isin(category[slate], category[basket])][:K]
    return np.pad(left, (0, K - len(left)), constant_values=-1)


def _complements(bundle: Bundle, wanted: Any) -> Bundle:
    rules = bundle.config.placements.cross_sell.model_copy(update={"complements_only": wanted})
    placements = bundle.config.placements.model_copy(update={"cross_sell": rules})
    config = bundle.config.model_copy(update={"placements": placements})
    manifest = bundle.manifest.model_copy(update={"config": config_record(config)})  # what the workers read
    return replace(bundle, config=config, manifest=manifest)


def _amazon(dataset: Dataset, relations: pd.DataFrame) -> list[Row]:
    """Ask about every item with a list of Amazon's; right is any item of the list."""
    bundle = fit_bundle(dataset, parse_config({"data": {"events": "given"}}))
    listed = relations[relations["relation"] == "also_bought"].astype({"item_id": str, "related_item_id": str})
    number = {item: place for place, item in enumerate(dataset.items.ids_of(range(len(dataset.items))))}
    lists = ItemLists.of_pairs(
        listed["item_id"].map(number).to_numpy(), listed["related_item_id"].map(number).to_numpy(), len(dataset.items)
    )
    anchors = np.flatnonzero(lists.sizes)
    task = Task(
        name=ALSO_BOUGHT,
        asked="Amazon's own also_bought",
        unit="items",
        ids=dataset.items.ids_of(anchors.tolist()),
        given=ItemLists.of_arrays(list(anchors[:, None])),
        relevant=lists.chosen(anchors),
        units=anchors,
    )
    users = sp.csr_array(_baskets(dataset))
    length = np.sqrt(np.maximum(np.asarray(users.sum(axis=0)).ravel(), 1))
    cosine = (users @ sp.diags_array(1 / length)).tocsc()
    factors = bundle.als.item_factors / np.maximum(np.linalg.norm(bundle.als.item_factors, axis=1), 1e-12)[:, None]
    every = np.ones(len(dataset.items), dtype=bool)
    return [
        _row(
            task,
            every,
            "item cosine, no minimum support",
            _top(lambda a: (cosine[:, a].T @ cosine).toarray(), anchors, every),
        ),
        _row(task, every, "ALS cosine", _top(lambda a: factors[a] @ factors.T, anchors, every)),
        _served(task, every, "alsobought", bundle),
    ]


def _baskets(dataset: Dataset) -> sp.csr_array:
    return build_baskets(goal_events(dataset.events, "purchase")).matrix(len(dataset.items))


def _counting(by_basket: sp.csr_array, weights: NDArray[np.float64]) -> Any:
    by_item, weighted = by_basket.T.tocsr(), (sp.diags_array(weights) @ by_basket).tocsr()
    return lambda anchors: (by_item[anchors] @ weighted).toarray()


def _top(scores_of: Any, anchors: NDArray[np.integer], known: NDArray[np.bool_]) -> Slates:
    """Return the best known items of each anchor, itself left out."""
    distinct, place = np.unique(anchors, return_inverse=True)
    best = np.full((len(distinct), K), -1, dtype=np.int32)
    for start in range(0, len(distinct), BLOCK):
        block = distinct[start : start + BLOCK]
        scores = np.where(known, scores_of(block), 0)
        scores[np.arange(len(block)), block] = 0
        for row, score in enumerate(scores):
            best[start + row] = _best(score)
    return best[place]


def _best(score: NDArray[np.floating]) -> Slates:
    found = np.argpartition(-score, K)[:K]
    found = found[np.lexsort((found, -score[found]))]
    return np.where(score[found] > 0, found, -1).astype(np.int32)


def _served(task: Task, known: NDArray[np.bool_], name: str, bundle: Bundle) -> Row:
    answers = answer_tasks(bundle, [task], K)[0]
    shares = {
        one.source: [round(one.share, 4), round(one.precision, 4)] for one in source_shares(task, name, answers, K)
    }
    return {**_row(task, known, name, answers.slates), "sources": shares}


def _row(task: Task, known: NDArray[np.bool_], name: str, slates: Slates) -> Row:
    hits = hits_of(slates, task.relevant)
    shown = np.unique(slates[slates >= 0])
    return {
        "placement": task.name,
        "model": name,
        "cases": len(task),
        "recall@10": float(recall(hits, task.relevant.sizes, K).mean()),
        "hit rate@10": float(hits.any(axis=1).mean()),
        "coverage@10": float(np.count_nonzero(known[shown]) / np.count_nonzero(known)),
    }


def _of_kinds(row: Row, task: Task, slates: Slates, category: NDArray[np.int32]) -> Row:
    """Add how many items of a type that lies in the basket are shown a slate, and how many of these hit."""
    hits = hits_of(slates, task.relevant)
    same = np.array([np.isin(category[slates[case]], category[task.given.of(case)]) for case in range(len(task))])
    same &= slates >= 0
    hit = float(hits[same].mean()) if same.any() else None
    return {**row, "of a type in the basket": float(same.sum(axis=1).mean()), "of these hit": hit}


if __name__ == "__main__":
    main()
