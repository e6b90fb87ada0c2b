"""A hundred million events, generated, from Parquet to a trained version: minutes and memory of each stage.

    python -m benchmarks.hundred_million
    python -m benchmarks.hundred_million --events 10000000 --users 500000 --items 60000

A year of a shop whose customers look at things, and buy a fifth of them: written in row groups, in order of time, so
that making it takes little memory. `alsobought train` then runs in a process of its own, with the shop.toml below.
Twice a second the resident memory of that process and all its children is summed up: `resident_mib` counts pages that
they share for each of them, `peak_mib` once. Above `--most-gib` all of them are ended.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.training.record import write_record

FACTORS = 64
SHOP = f"""
[data]
events = "events.parquet"
catalogue = "items.parquet"

[models.als]
factors = {FACTORS}
"""
ROWS_PER_GROUP = 1_000_000
EVENTS_PER_VISIT = 5
TASTES, SHELVES = 200, 5
OWN_TASTE = 0.8
ZIPF = 0.8
BOUGHT = 0.2
FIRST_SECOND, SECONDS = 1_735_689_600, 365 * 86_400
MIB = 1 << 20
SAMPLE_SECONDS = 0.5


def main() -> None:
    """Make the shop, train, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--most-gib", type=float, default=14.0)
    parser.add_argument("--folder", type=Path, help="where to make the shop and leave it; else a temporary folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "shop.toml").exists():
            make_shop(folder, asked.users, asked.items, asked.events)
        row: dict[str, Any] = {"users": asked.users, "items": asked.items, "events": asked.events}
        row |= {"purchases": round(BOUGHT * asked.events), "factors": FACTORS}
        row |= {"load_average_before": round(os.getloadavg()[0], 1), **trained(folder, asked.most_gib)}
    print(json.dumps(row, indent=1))
    write_record(f"hundred-million-{asked.events}", {"shop": SHOP}, [row], kind="hundred-million")


def make_shop(folder: Path, users: int, items: int, events: int) -> None:
    """Write events, catalogue and, last, shop.toml."""
    with pq.ParquetWriter(folder / "events.parquet", EVENTS) as file:
        for part in event_groups(users, items, events):
            file.write_table(part)
    number = np.arange(items)
    shelf = [f"Kind {one % TASTES} > Shelf {one // TASTES % SHELVES}" for one in range(items)]
    catalogue = {
        "item_id": ids("item", number, 7),
        "title": [f"Thing {one}" for one in range(items)],
        "category": shelf,
        "price": np.random.default_rng(1).lognormal(2, 0.7, items).round(2),
    }
    pq.write_table(pa.table(catalogue), folder / "items.parquet")
    (folder / "shop.toml").write_text(SHOP, encoding="utf-8")


EVENTS = pa.schema(
    [
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("order_id", pa.string()),
        ("event", pa.string()),
        ("timestamp", pa.timestamp("s", tz="UTC")),
    ]
)


def event_groups(users: int, items: int, events: int) -> Iterator[pa.Table]:
    """Yield tables of visits, the earliest first: one user looks at a few items, mostly of one taste, and buys some."""
    rng = np.random.default_rng(0)
    busy = np.cumsum(rng.lognormal(0, 1, users))
    ranks = np.cumsum(1 / (1 + np.arange(items // TASTES)) ** ZIPF)
    for first in range(0, events, ROWS_PER_GROUP):
        rows = min(ROWS_PER_GROUP, events - first)
        visit = np.arange(rows) // EVENTS_PER_VISIT
        n_visits = int(visit[-1]) + 1
        user = np.searchsorted(busy, rng.random(n_visits) * busy[-1])
        begins = np.sort(rng.random(n_visits)) * rows + first
        taste = np.where(rng.random(rows) < OWN_TASTE, user[visit] % TASTES, rng.integers(TASTES, size=rows))
        rank = np.searchsorted(ranks, rng.random(rows) * ranks[-1])
        bought = rng.random(rows) < BOUGHT
        order = ids("order", first // EVENTS_PER_VISIT + visit, 9)
        yield pa.table(
            {
                "user_id": ids("user", user[visit], 8),
                "item_id": ids("item", rank * TASTES + taste, 7),
                "order_id": pc.if_else(pa.array(bought), order, pa.scalar(None, pa.string())),
                "event": pc.if_else(pa.array(bought), "purchase", "view"),
                "timestamp": pa.array(
                    FIRST_SECOND + (begins[visit] / events * SECONDS).astype(np.int64), pa.timestamp("s", tz="UTC")
                ),
            },
            schema=EVENTS,
        )


def ids(letters: str, numbers: NDArray[np.int64], digits: int) -> pa.Array:
    """Return ids as a shop has them, text: letters, a dash, a number of so many digits; shape (n,)."""
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), digits, "0")
    return pc.binary_join_element_wise(letters, padded, "-")


def trained(folder: Path, most_gib: float) -> dict[str, Any]:
    """Train once; return memory at its highest, seconds and processor seconds in all, and what each stage took."""
    command = [sys.executable, "-m", "recommender", "train", "--quiet", "--json"]
    started = time.monotonic()
    with (folder / "train.json").open("wb") as said:
        trainer = subprocess.Popen(command, cwd=folder, stdout=said, start_new_session=True)
    peak, resident = 0, 0
    while (ended := os.wait4(trainer.pid, os.WNOHANG))[0] == 0:
        family = descendants(trainer.pid)
        peak = max(peak, sum(memory_bytes(one, "Pss") for one in family))
        resident = max(resident, sum(memory_bytes(one, "Rss") for one in family))
        if peak > most_gib * 1024 * MIB:
            os.killpg(trainer.pid, signal.SIGKILL)
            raise SystemExit(f"ended at {peak / MIB:,.0f} MiB; stages so far: {stages(folder)}")
        time.sleep(SAMPLE_SECONDS)
    if ended[1]:
        raise SystemExit(f"train ended with {os.waitstatus_to_exitcode(ended[1])}")
    version = sum(path.stat().st_size for path in (folder / "models" / "v00001").rglob("*") if path.is_file())
    return {
        "peak_mib": round(peak / MIB),
        "resident_mib": round(resident / MIB),
        "seconds": round(time.monotonic() - started),
        "processor_seconds": round(ended[2].ru_utime + ended[2].ru_stime),
        "parquet_mib": round((folder / "events.parquet").stat().st_size / MIB),
        "version_mib": round(version / MIB),
        "stages": stages(folder),
    }


def descendants(process: int) -> list[int]:
    """Return a process and all that it started, and that these started."""
    found = [process]
    try:
        for thread in (Path("/proc") / str(process) / "task").iterdir():
            for child in (thread / "children").read_text().split():
                found += descendants(int(child))
    except OSError:  # it ended meanwhile
        pass
    return found


def memory_bytes(process: int, kind: str) -> int:
    """Return what the kernel sums up as "Rss" or "Pss" of a process; 0 where it is gone."""
    try:
        lines = (Path("/proc") / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:"))


def stages(folder: Path) -> list[dict[str, Any]]:
    """Return the stages of the last run's record, memory in MiB."""
    record = json.loads(max((folder / "models" / "runs").glob("*.json")).read_text(encoding="utf-8"))
    return [
        {
            "stage": stage["name"],
            "seconds": round(stage["seconds"]),
            "memory_mib": round(stage["memory_bytes"] / MIB),
            "peak_mib": round(stage["peak_bytes"] / MIB),
        }
        for stage in record["stages"]
    ]


if __name__ == "__main__":
    main()
