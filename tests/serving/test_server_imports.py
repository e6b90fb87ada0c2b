"""What a server process loads: nothing that only training needs."""

from __future__ import annotations

import json
import subprocess
import sys

from recommender.bundle import Store

TRAINING_ONLY = ("pandas", "implicit", "duckdb", "rich", "recommender.ingest", "recommender.pipeline")

ANSWER = """
import json, sys
from pathlib import Path
from recommender.bundle import Store
from serving.live_bundle import LiveBundle
from serving.wsgi import create_app

live = LiveBundle(Store(Path(sys.argv[1])), 1.0)
live.refresh()
client = create_app(live).test_client()
statuses = [client.get(path).status_code for path in json.loads(sys.argv[2])]
print(json.dumps([statuses, live.failed_version(), list(sys.modules)]))
"""

PATHS = (
    "/v1/similar-items?item_id=GRIND-1",
    "/v1/for-you?item_id=GRIND-1",
    "/v1/also-bought?item_id=007",
    "/v1/popular?category=Coffee&max_price=20",
    "/v1/new-arrivals",
    "/demo/",
    "/demo/search?q=a",
    "/demo/browse?category=Coffee",
    "/demo/product?item_id=a%2Fb",
    "/docs",
)


def test_a_server_that_has_answered_has_loaded_no_training_library(toy_store: Store) -> None:
    """Arrow loads pandas behind one's back, by `to_numpy` for example, and only once it has a catalogue to convert."""
    command = [sys.executable, "-c", ANSWER, str(toy_store.path), json.dumps(PATHS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    statuses, failed, modules = json.loads(done.stdout)
    assert statuses == [200] * len(PATHS)
    assert failed is None
    assert set(modules).isdisjoint(TRAINING_ONLY)
