"""One JSON file for each measurement: what was run, when, on which machine, with which versions, and all readings."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"

PLACES = {
    "--datasets": "FOLDER",
    "--cache": "FOLDER",
    "--journey": "FOLDER",
    "--complete-journey": "FOLDER",
    "--picture": "FILE",
    "--folder": "FOLDER",
    "--keep": "STORE",
    "--store": "STORE",
}
"""Options whose values are places on one machine, and what is written instead."""


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    processor = dict(
        [part.strip() for part in line.split(":", 1)]
        for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    )
    return {
        "processor": processor.get("model name", platform.machine()),
        "processor_family_and_model": f"{processor.get('cpu family', '?')}/{processor.get('model', '?')}",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "python": platform.python_version(),
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "unset"),
    }


def command_line() -> str:
    """Return the command that is running, without places of this machine."""
    words = sys.argv[1:]
    said = [PLACES.get(before, word) for before, word in zip(["", *words], words, strict=False)]
    module = sys.modules["__main__"].__spec__
    name = module.name.removesuffix(".__main__") if module else "benchmarks"
    return shlex.join(["python", "-m", name, *said])


def write_record(name: str, setting: dict[str, Any], rows: list[dict[str, Any]], kind: str = "") -> Path:
    """Write a record into `benchmarks/results/`.

    `kind` says which section of BENCHMARKS.md shows it (the name, unless given). The versions that rows carry are
    lifted out of them.
    """
    versions: dict[str, str] = {}
    for row in rows:
        versions |= row.pop("versions", {})
    record = {
        "kind": kind or name,
        "command": command_line(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe_machine(),
        "versions": dict(sorted(versions.items())),
        "setting": setting,
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"wrote benchmarks/results/{path.name}")
    return path


def read_record(name: str) -> dict[str, Any] | None:
    """Return a record, or None where there is none of that name."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None
