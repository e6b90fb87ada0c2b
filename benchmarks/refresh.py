"""What a mid-day refresh takes: a night without the last hours of a shop's events, then those folded in.

    python -m benchmarks.refresh data/complete-journey.toml

Both run in processes of their own on a store of their own; the shop's store stays as it is. Processor seconds are those
of all cores, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.training.record import write_record
from recommender.config import load_config


def main() -> None:
    """Train, refresh, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--keep", type=Path, help="a store to leave, or to take a night from that was left there")
    asked = parser.parse_args()
    config = load_config(asked.config)
    events = config.path(str(config.data.events))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = asked.keep or folder / "store"
        n_new = cut_off(events, asked.hours, folder / "before.parquet")
        options = [f"store.path={json.dumps(str(store.resolve()))}", "serving.event_log=''"]
        if not (store / "CURRENT").exists():
            before = f"data.events={json.dumps(str(folder / 'before.parquet'))}"
            run("train", asked.config, [before, *options])
        row = {"dataset": asked.config.stem, "hours": asked.hours, "new_events": n_new}
        row |= {"load_average_before": round(os.getloadavg()[0], 1), **run("refresh", asked.config, options)}
        record = json.loads(max((store / "runs").glob("*.json")).read_text(encoding="utf-8"))
        row |= {"outcome": record["outcome"]}
        row["stages"] = {stage["name"]: stage["seconds"] for stage in record["stages"]}
    print(json.dumps(row, indent=1))
    write_record(f"refresh-{asked.config.stem}", {}, [row], kind="refresh")


def cut_off(events: Path, hours: float, before: Path) -> int:
    """Write the events but those of the last hours; return how many these are."""
    table = pq.read_table(events)
    cut = pc.max(table["timestamp"]).as_py() - timedelta(hours=hours)
    kept = table.filter(pc.less_equal(table["timestamp"], cut))
    pq.write_table(kept, before)
    return int(table.num_rows - kept.num_rows)


def run(verb: str, config: Path, options: list[str]) -> dict[str, Any]:
    """Run a verb of the command line; return its seconds, and those of the processor."""
    command = [sys.executable, "-m", "recommender", verb, "--quiet", "--json", "--config", str(config)]
    started = time.monotonic()
    child = subprocess.Popen(
        [*command, *(f"--set={one}" for one in options)],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{verb} ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "seconds": round(time.monotonic() - started, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mib": round(usage.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
