"""What a whole night takes: `alsobought train` on an empty store, then on a live version, then with another recipe.

    python -m benchmarks.nights online-retail --datasets FOLDER
    python -m benchmarks.nights complete-journey --shop data/complete-journey.toml

Each night is a process of its own, on the same data. The third has other factors to begin with (`models.als.seed`), so
that the gate fits the live recipe beside the candidate; `--force` keeps a refusal from cutting it short.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.training.record import write_record

NIGHTS = {
    "first": [],
    "the live recipe again": [],
    "another recipe": ["--set", "models.als.seed=1"],
}


def main() -> None:
    """Train three times and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("online-retail", "complete-journey"))
    parser.add_argument("--datasets", type=Path, metavar="FOLDER", help="Has online-retail/.")
    parser.add_argument("--shop", type=Path, metavar="FILE", help="The demo's shop.toml.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shop = asked.shop or write_shop(folder, asked.datasets / asked.dataset)
        rows = [night(shop, folder / "models", which) for which in NIGHTS]
    write_record(f"nights-{asked.dataset}", {"dataset": asked.dataset}, rows, kind="nights")


def write_shop(folder: Path, data: Path) -> Path:
    """Write a shop.toml of the defaults."""
    files = {"events": data / "interactions.parquet", "catalogue": data / "items.parquet"}
    lines = [f"{name} = {json.dumps(str(path.resolve()))}" for name, path in files.items()]
    shop = folder / "shop.toml"
    shop.write_text("\n".join(["[data]", *lines, ""]))
    return shop


def night(shop: Path, store: Path, which: str) -> dict[str, Any]:
    """Train once; return its seconds, those of each stage, processor seconds, and memory."""
    busy, start = os.getloadavg()[0], time.perf_counter()
    options = ["--force", "--quiet", "--json", "--config", str(shop), "--set", f"store.path={store}", *NIGHTS[which]]
    command = [sys.executable, "-m", "recommender", "train", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = json.loads(child.stdout.read())
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    row = {
        "night": which,
        "events": said["check"]["summary"]["events"],
        "seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "stages": said["seconds"],
        "memory_bytes": usage.ru_maxrss * 1024,
        "verdict": said["verdict"],
        "load_average_before": round(busy, 1),
    }
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
