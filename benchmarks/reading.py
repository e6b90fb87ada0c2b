"""How long reading events takes, and how much memory at most: generated rows in one Parquet file.

    python benchmarks/reading.py --rows 20000000

Users and items are drawn at random (a million, and 200,000 with a long tail), four lines to an order.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recommender.config import parse_config
from recommender.ingest import read_dataset

ROWS_PER_GROUP = 1_000_000


def write_events(path: Path, rows: int) -> None:
    """Write `rows` purchases, a row group at a time."""
    rng = np.random.default_rng(0)
    writer: pq.ParquetWriter | None = None
    for start in range(0, rows, ROWS_PER_GROUP):
        n = min(ROWS_PER_GROUP, rows - start)
        orders = (start + np.arange(n)) // 4
        users = rng.integers(0, 1_000_000, n // 4 + 1)[orders - orders[0]]
        items = (200_000 * rng.random(n) ** 3).astype(np.int64)
        table = pa.table(
            {
                "user_id": np.char.add("u", users.astype("U7")),
                "item_id": np.char.add("i", items.astype("U6")),
                "event": ["purchase"] * n,
                "timestamp": 1_700_000_000 + np.sort(rng.integers(0, 31_536_000, n)),
                "quantity": rng.integers(1, 4, n),
                "price": np.round(rng.random(n) * 50, 2),
                "order_id": np.char.add("o", orders.astype("U9")),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def main() -> None:
    """Generate, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        write_events(Path(folder) / "events.parquet", rows)
        start = time.perf_counter()
        dataset, _ = read_dataset(parse_config({"data": {"events": "events.parquet"}}, folder=Path(folder)))
        seconds = round(time.perf_counter() - start, 1)
    peak_gib = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)
    print(json.dumps({"rows": rows, "events": len(dataset.events), "seconds": seconds, "peak_gib": peak_gib}))


if __name__ == "__main__":
    main()
