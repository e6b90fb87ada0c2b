from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.bundle import Store
from recommender.config import default_config, parse_config
from recommender.ingest.connectors import CONNECTORS
from recommender.pipeline import ingest, train
from recommender.placements import Query, recommend
from tests.ingest.connectors.conftest import FIXTURES

INPUTS = {
    "shopify": ["shopify/orders_export_1.csv", "shopify/products_export.csv"],
    "woocommerce": ["woocommerce"],
    "ga4": ["ga4"],
    "data-layer": ["data-layer"],
    "merchant-feed": ["merchant-feed/feed.xml"],
    "json-ld": ["json-ld"],
    "online-retail": ["online-retail/first-set.csv", "online-retail/second-set.csv"],
    "retailrocket": ["retailrocket"],
    "instacart": ["instacart"],
    "movielens": ["movielens/latest"],
}


def test_every_connector_is_here() -> None:
    assert list(INPUTS) == list(CONNECTORS)


@pytest.mark.parametrize("name", INPUTS)
def test_what_a_connector_reads_ends_in_a_trained_bundle(name: str, tmp_path: Path) -> None:
    lenient = default_config(["data.max_refused=0.5"], folder=tmp_path)
    inputs = [str(FIXTURES / file) for file in INPUTS[name]]
    result = ingest.run(lenient, name, inputs, tmp_path / "data")
    if "events" not in result.written:  # a catalogue: somebody must have bought from it
        orders = tmp_path / "orders.jsonl"
        orders.write_text("".join(map(order, range(6))))
        result.written.update(ingest.run(lenient, "data-layer", [str(orders)], tmp_path / "data").written)
    tree = {
        "data": {table: str(path) for table, path in result.written.items()},
        "models": {"als": {"factors": 4, "epochs": 2}},
    }
    config = parse_config(tree, folder=tmp_path)
    assert train.run(config, force=True).promoted
    bundle = Store(config.store_path).load_live()
    top = recommend(bundle, Query("popular", k=2))
    assert top.items
    slate = recommend(bundle, Query("also-bought", item_ids=(top.items[0]["item_id"],), k=2))
    assert slate.items
    if "catalogue" in result.written and name != "retailrocket":
        assert all(item["title"] for item in slate.items)


def order(number: int) -> str:
    """Return an order of two of the things that the catalogues hold."""
    items = [{"item_id": item} for item in ("0042", "STOVE", "SOCK-R-M")[number % 2 : number % 2 + 2]]
    push = {"event": "purchase", "ecommerce": {"transaction_id": f"T{number}", "items": items}}
    return json.dumps({"timestamp": f"2026-05-0{number + 1}", "user_id": f"u{number}", **push}) + "\n"
