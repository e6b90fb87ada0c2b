"""A process that answers queries for the evaluation: `python -m recommender.evaluation.worker STORE VERSION`.

Each line on stdin is a JSON array of queries, each line on stdout the array of [items, how many
are no fallback, their sources].
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from recommender.bundle import Store
from recommender.evaluation.answers import answer
from recommender.placements import Query


def main(store: str, version: str) -> None:
    """Answer until stdin ends."""
    bundle = Store(Path(store)).load(version, verify=False)
    for line in sys.stdin.buffer:
        queries = [Query(**{**asked, "item_ids": tuple(asked["item_ids"])}) for asked in orjson.loads(line)]
        sys.stdout.buffer.write(orjson.dumps([answer(bundle, query) for query in queries]) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
