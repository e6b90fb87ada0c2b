"""What a server process needs: nothing that training needs."""

from __future__ import annotations

import json
import subprocess
import sys

from recommender.bundle import Store

ANSWER_WITHOUT = """
import json, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pandas", "implicit", "duckdb", "sqlalchemy", "rich"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())

from pathlib import Path
from recommender.bundle import Store
from serving.live_bundle import LiveBundle
from serving.wsgi import create_app

live = LiveBundle(Store(Path(sys.argv[1])), 1.0)
live.refresh()
client = create_app(live).test_client()
paths = ["/v1/similar-items?item_id=GRIND-1", "/v1/for-you?item_id=GRIND-1", "/demo/", "/demo/search?q=a", "/docs"]
statuses = [client.get(path).status_code for path in paths]
print(json.dumps([statuses, live.failed_version(), [name in sys.modules for name in ("pandas", "implicit")]]))
"""


def test_the_server_answers_where_no_training_library_is_installed(toy_store: Store) -> None:
    """pyarrow looks for pandas by itself, so that pandas is not loaded can't be asked; that it is not needed can."""
    command = [sys.executable, "-c", ANSWER_WITHOUT, str(toy_store.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    statuses, failed, loaded = json.loads(done.stdout)
    assert statuses == [200] * 5
    assert failed is None
    assert loaded == [False, False]
