"""Load a matrix, fit one library, say how long it took and how much memory: run by `measure.py`, in its own process.

    PYTHON fit_once.py LIBRARY_FILE FOLDER

FOLDER holds request.json, and gets answer.json, user_factors.npy and item_factors.npy. The clock runs from the CSR
matrix in memory to the factors, the library's own conversions included; importing the library is not counted, nor what
it loads or compiles at its first fit: a fit of a small random matrix comes before.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from contract import Request


def descendants(process: str) -> list[str]:
    """Return the ids of all live children of a process, and of theirs."""
    children: list[str] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        children += task.read_text().split()
    return children + [further for child in children for further in descendants(child)]


def memory_bytes(process: str, line: str) -> int:
    """Return a line of a process's status, 0 once it has ended: VmHWM is the most that was resident, VmRSS what is."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(status.split(f"{line}:")[1].split()[0]) * 1024 if f"{line}:" in status else 0


def peak_bytes() -> int:
    """Return the most memory that was resident, in this process and the ones it started and still has."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return own + sum(memory_bytes(child, "VmHWM") for child in descendants("self"))


def resident_bytes() -> int:
    """Return the memory that is resident now, in this process and the ones it started and still has."""
    return sum(memory_bytes(process, "VmRSS") for process in ["self", *descendants("self")])


def forget_peak() -> None:
    """Make the kernel count the peak anew, from what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def main(library_file: str, folder: Path) -> None:
    """Fit once and write the answer."""
    asked = json.loads((folder / "request.json").read_text())
    library = importlib.import_module(library_file)
    matrix = sp.load_npz(asked["matrix"]).tocsr()
    request = Request(**asked["request"])
    library.fit(
        sp.random(60, 40, density=0.2, format="csr", dtype=np.float32, random_state=0), replace(request, epochs=1)
    )
    peak_before = peak_bytes()
    forget_peak()
    resident = resident_bytes()

    start = time.perf_counter()
    fitted = library.fit(matrix, request)
    fit_seconds = time.perf_counter() - start

    user_factors, start = fitted.user_factors, time.perf_counter()
    if callable(user_factors):
        user_factors = user_factors(matrix)
    fold_in_seconds = time.perf_counter() - start
    peak = peak_bytes()

    answer = {
        "fit_seconds": fit_seconds,
        "fold_in_seconds": fold_in_seconds,
        "epoch_seconds": fitted.epoch_seconds,
        "peak_bytes": max(peak, peak_before),
        "beside_matrix_bytes": peak - resident,
        "matrix_bytes": matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes,
        "versions": {name: version(name) for name in library.PACKAGES},
    }
    np.save(folder / "user_factors.npy", np.asarray(user_factors, dtype=np.float32))
    np.save(folder / "item_factors.npy", np.asarray(fitted.item_factors, dtype=np.float32))
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
