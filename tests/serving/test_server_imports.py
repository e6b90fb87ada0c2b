"""What a server process loads."""

from __future__ import annotations

import json
import subprocess
import sys

from recommender.bundle import Store

ANSWER_AND_LIST = """
import json, sys
from pathlib import Path
from recommender.bundle import Store
from serving.app import create_app
from serving.live_bundle import LiveBundle
import serving.wsgi

live = LiveBundle(Store(Path(sys.argv[1])), 1.0)
live.refresh()
client = create_app(live).test_client()
paths = ["/v1/similar-items?item_id=GRIND-1", "/v1/for-you?item_id=GRIND-1", "/demo/", "/docs"]
statuses = [client.get(path).status_code for path in paths]
print(json.dumps([statuses, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_answering_needs_no_training_library(toy_store: Store) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANSWER_AND_LIST, str(toy_store.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, modules = json.loads(done.stdout)
    assert statuses == [200, 200, 200, 200]
    assert {"faiss", "flask"} <= set(modules)
    assert {"pandas", "implicit", "duckdb", "sqlalchemy", "rich"}.isdisjoint(modules)
