"""Random filters on a shop of some size: a slate is what looking at every allowed item finds, for each index."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.config import parse_config
from recommender.ingest import read_dataset
from recommender.pipeline.fit import fit_bundle
from recommender.placements import Query, choose
from recommender.placements.asked import resolve
from recommender.placements.for_you import blend_of, history_of

N_ITEMS, N_USERS, N_EVENTS = 3_000, 1_500, 60_000
K = 10
QUESTIONS = int(os.environ.get("ALSOBOUGHT_FILTERED_QUESTIONS", "250"))
BRANDS = [f"b{number}" for number in range(12)]


@pytest.fixture(scope="module", params=["exact", "hnsw"])
def shop(request: pytest.FixtureRequest) -> Bundle:
    rng = np.random.default_rng(5)
    taste = rng.integers(0, 20, N_USERS)
    user = rng.integers(0, N_USERS, N_EVENTS)
    of_taste = (taste[user] + 20 * (rng.random(N_EVENTS) ** 2 * (N_ITEMS // 20)).astype(int)) % N_ITEMS
    item = np.where(rng.random(N_EVENTS) < 0.8, of_taste, rng.integers(0, N_ITEMS, N_EVENTS))
    seconds = rng.integers(0, 90 * 86_400, N_EVENTS)
    events = pd.DataFrame(
        {
            "user_id": [f"u{one}" for one in user],
            "item_id": [f"i{one:05}" for one in item],
            "event": "purchase",
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
        }
    )
    catalogue = pd.DataFrame(
        {
            "item_id": [f"i{one:05}" for one in range(N_ITEMS)],
            "brand": rng.choice(BRANDS, N_ITEMS),
            "price": rng.gamma(2, 20, N_ITEMS).round(2),
            "category": [f"C{one % 20} > D{one % 60}" for one in range(N_ITEMS)],
            "organic": rng.random(N_ITEMS) < 0.3,
        }
    )
    tree = {
        "data": {"events": "none"},
        "models": {"als": {"factors": 16, "epochs": 3}},
        "index": {"kind": request.param},
    }
    config = parse_config(tree)
    return fit_bundle(read_dataset(config, events=events, catalogue=catalogue)[0], config)


def random_filter(bundle: Bundle, rng: np.random.Generator) -> tuple[tuple[str, ...], np.ndarray]:
    """One to three conditions, and the items that meet them, said by pandas."""
    goods = bundle.catalogue.table.to_pandas()
    some = rng.choice(BRANDS, 3, replace=False).tolist()
    low, high = np.sort(rng.gamma(2, 20, 2)).round(2).tolist()
    category = f"C{rng.integers(20)}"
    kinds = [
        (f"brand = {' | '.join(some)}", goods["brand"].isin(some)),
        (f"brand != {some[0]}", goods["brand"] != some[0]),
        (f"price >= {low}", goods["price"] >= low),
        (f"price <= {high}", goods["price"] <= high),
        (f"category under {category}", goods["category"].str.startswith(f"{category} > ")),
        ("organic = true", goods["organic"]),
    ]
    chosen = [kinds[place] for place in rng.choice(len(kinds), rng.integers(1, 4), replace=False)]
    allowed = np.logical_and.reduce([mask.to_numpy(bool) for _, mask in chosen])
    return tuple(text for text, _ in chosen), allowed


def brute_force(bundle: Bundle, query: Query, allowed: np.ndarray) -> list[int]:
    """Score every allowed item by the placement's own source and take the best."""
    asked = resolve(bundle, query)
    fit = allowed.copy()
    if query.placement == "similar-items":
        anchor = int(asked.anchors[0])
        factors = bundle.als.item_factors
        lengths = np.linalg.norm(factors, axis=1)
        scores = factors @ factors[anchor] / np.maximum(lengths * lengths[anchor], 1e-12)
        indexed = np.zeros(len(scores), dtype=bool)
        indexed[bundle.similar_index.items] = True
        fit &= indexed & (scores > 0)
        fit[anchor] = False
    else:
        blend = blend_of(bundle, history_of(asked))
        everything = np.arange(N_ITEMS, dtype=np.int32)
        scores = blend.shares(everything).sum(axis=0)
        fit &= scores > 0
        fit[asked.history] = False
    scores = np.where(fit, scores, -np.inf)
    return [int(item) for item in np.argsort(-scores, kind="stable")[:K] if fit[item]]


@pytest.mark.parametrize("placement", ["similar-items", "for-you"])
def test_slates_are_what_brute_force_finds(shop: Bundle, placement: str) -> None:
    rng = np.random.default_rng(11)
    same = places = 0
    for _ in range(QUESTIONS):
        conditions, allowed = random_filter(shop, rng)
        if placement == "similar-items":
            anchor: dict[str, Any] = {"item_ids": (f"i{rng.integers(N_ITEMS):05}",)}
        else:
            anchor = {"user_id": f"u{rng.integers(N_USERS)}"}
        query = Query(placement, K, filter=conditions, **anchor)
        choice = choose(shop, query)
        assert allowed[choice.items].all()
        sold = allowed & (shop.popular.scores > 0)
        sold[[*choice.asked.anchors.tolist(), *choice.asked.history.tolist()]] = False
        assert len(choice.items) >= min(K, int(sold.sum()))  # short only where the shop has no more
        expected = brute_force(shop, query, allowed)
        found = choice.items[: len(expected)]
        same += sum(one == other for one, other in zip(found, expected, strict=True))
        places += len(expected)
    assert places > 5 * QUESTIONS
    share = same / places
    print(f"{placement}, {shop.als_index.kind}: {share:.4f} of {places:,} places")
    assert share >= 0.99
