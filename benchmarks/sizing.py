"""Memory, disk and time of a night, by users, items, events and purchases: measured on generated shops, then fitted.

    python -m benchmarks.sizing

Each shop is generated, written as Parquet and trained by `alsobought train` with the defaults, in a process of its own
and on one thread: its processor time is then the time of one free core, however busy the machine is. Shops of CHECKS
take no part in the fit; they tell how far it is off. The shop of a hundred million events, which
`benchmarks.hundred_million` measures, takes part. The coefficients go into recommender/pipeline/sizes.json, which
`alsobought estimate` reads.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.training.record import RESULTS, describe_machine, write_record
from recommender.config import ALSConfig
from recommender.pipeline.estimate import COEFFICIENTS, QUANTITIES, Size, estimate, features

SHOPS = [
    (500, 300, 10_000, 10_000),
    (2_000, 1_000, 40_000, 40_000),
    (10_000, 1_000, 60_000, 60_000),
    (1_000, 8_000, 100_000, 100_000),
    (20_000, 3_000, 150_000, 150_000),
    (5_000, 20_000, 200_000, 200_000),
    (4_000, 2_000, 400_000, 400_000),
    (40_000, 10_000, 400_000, 400_000),
    (20_000, 4_000, 500_000, 100_000),
    (30_000, 5_000, 1_500_000, 1_500_000),
    (100_000, 20_000, 2_000_000, 400_000),
    (500_000, 60_000, 10_000_000, 2_000_000),
]
CHECKS = [(6_000, 4_000, 120_000, 120_000), (15_000, 8_000, 250_000, 250_000), (50_000, 10_000, 1_000_000, 300_000)]
"""Users, items, events, and purchases among these; the others look at an item."""
LARGE = RESULTS / "hundred-million-100000000.json"
MIB = 1 << 20
TASTES = 20
ITEMS_PER_ORDER = 4
DAYS = 365


def main() -> None:
    """Measure, fit, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", nargs=5, metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help="Fit to the last record, with what LARGE says now.")
    asked = parser.parse_args()
    if asked.make:
        make_shop(Path(asked.make[0]), *map(int, asked.make[1:]))
        return
    rows = [*(recorded() if asked.again else measured_rows()), large_row()]
    coefficients = {name: fitted(rows, name) for name in QUANTITIES}
    machine = {name: describe_machine()[name] for name in ("processor", "processor_family_and_model", "system")}
    COEFFICIENTS.write_text(json.dumps({"measured_on": machine, **coefficients}, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        found = estimate(size_of(row), coefficients)
        row["estimated"] = {name: getattr(found, name) for name in QUANTITIES}
    write_record("sizing", {"threads": 1}, rows, kind="sizing")


def measured_rows() -> Iterator[dict[str, Any]]:
    """Yield a row for each shop."""
    for part, shops in (("fit", SHOPS), ("check", CHECKS)):
        for shop in shops:
            size = Size(*shop, ALSConfig().factors)
            row = {"part": part, **asdict(size), **measured(size)}
            print(row, flush=True)
            yield row


def recorded() -> list[dict[str, Any]]:
    """Return the rows of the last record that were measured here."""
    rows = json.loads((RESULTS / "sizing.json").read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if row["part"] in ("fit", "check")]


def large_row() -> dict[str, Any]:
    """Return what `benchmarks.hundred_million` recorded of the trainer itself, all threads together."""
    (row,) = json.loads(LARGE.read_text(encoding="utf-8"))["rows"]
    return {
        "part": "large",
        **{field.name: row[field.name] for field in fields(Size)},
        "memory_bytes": max(stage["peak_mib"] for stage in row["stages"]) * MIB,
        "version_bytes": row["version_mib"] * MIB,
        "seconds": row["processor_seconds"],
    }


def size_of(row: dict[str, Any]) -> Size:
    """Return the size that a row is about."""
    return Size(**{field.name: row[field.name] for field in fields(Size)})


def measured(size: Size) -> dict[str, float]:
    """Train once; return peak memory and size of the version in bytes, and processor seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = map(str, (size.users, size.items, size.events, size.purchases))
        make = ["-m", "benchmarks.sizing", "--make", str(folder), *shop]
        subprocess.run([sys.executable, *make], check=True)  # a process begins with the peak of the one that forks it
        command = [sys.executable, "-m", "recommender", "train", "--force", "--quiet", "--json"]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        child = subprocess.Popen(command, cwd=folder, env={**os.environ, **threads}, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"train ended with {os.waitstatus_to_exitcode(status)} on {size}")
        version = sum(path.stat().st_size for path in (folder / "models" / "v00001").rglob("*") if path.is_file())
    return {
        "memory_bytes": usage.ru_maxrss * 1024.0,
        "version_bytes": float(version),
        "seconds": usage.ru_utime + usage.ru_stime,
    }


def make_shop(folder: Path, users: int, items: int, events: int, purchases: int) -> None:
    """Write a year of orders, by users of three tastes each, some busier than others, and a catalogue.

    Of `events`, which is what lies in the orders, some are `purchases` and the others looks.
    """
    rng = np.random.default_rng(0)
    taste_of_item = rng.integers(TASTES, size=items)
    popularity = 1 / (1 + np.arange(items)) ** 0.8
    busy = rng.lognormal(0, 1, users)
    n_orders = max(events // ITEMS_PER_ORDER, 1)
    buyer = np.sort(rng.choice(users, n_orders, p=busy / busy.sum()))
    buyer[: min(users, n_orders)] = np.arange(min(users, n_orders))
    taste = (buyer % TASTES + rng.choice([0, 1, 7], n_orders, p=[0.7, 0.2, 0.1])) % TASTES
    bought = np.empty((n_orders, ITEMS_PER_ORDER), dtype=np.int64)
    for one in range(TASTES):
        of_taste = np.flatnonzero(taste_of_item == one)
        theirs, chance = taste == one, popularity[of_taste] / popularity[of_taste].sum()
        bought[theirs] = rng.choice(of_taste, (int(theirs.sum()), ITEMS_PER_ORDER), p=chance)
    when = rng.uniform(0, DAYS * 86_400, n_orders).astype(np.int64)
    times = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(when, "s")
    order = np.repeat(np.arange(n_orders), ITEMS_PER_ORDER)
    is_purchase = rng.permutation(len(order)) < purchases
    pd.DataFrame(
        {
            "user_id": [f"user-{one:07d}" for one in buyer[order]],
            "item_id": [f"item-{one:07d}" for one in bought.ravel()],
            "order_id": np.where(is_purchase, [f"order-{one:08d}" for one in order], None),
            "event": np.where(is_purchase, "purchase", "view"),
            "timestamp": times[order],
        }
    ).to_parquet(folder / "events.parquet")
    pd.DataFrame(
        {
            "item_id": [f"item-{one:07d}" for one in range(items)],
            "title": [f"Thing {one} of kind {kind}" for one, kind in enumerate(taste_of_item)],
            "category": [f"Kind {kind} > Shelf {one % 5}" for one, kind in enumerate(taste_of_item)],
            "price": rng.lognormal(2, 0.7, items).round(2),
        }
    ).to_parquet(folder / "items.parquet")
    (folder / "shop.toml").write_text('[data]\nevents = "events.parquet"\ncatalogue = "items.parquet"\n')


def fitted(rows: list[dict[str, Any]], quantity: str) -> dict[str, float]:
    """Return the coefficients, none negative, with the least squared relative error."""
    from scipy.optimize import nnls

    used = [row for row in rows if row["part"] != "check"]
    table = [features(size_of(row)) for row in used]
    names = QUANTITIES[quantity]
    truth = np.array([row[quantity] for row in used])
    A = np.array([[one[name] for name in names] for one in table]) / truth[:, None]
    scale = A.max(axis=0)
    return dict(zip(names, (nnls(A / scale, np.ones(len(used)))[0] / scale).tolist(), strict=True))


if __name__ == "__main__":
    main()
