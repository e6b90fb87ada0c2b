"""Start one fit in a process of its own, in the library's environment, and read what it took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.environments import is_installed, python_of
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.peers.contract import Request

FIT_ONCE = Path(__file__).parent / "peers" / "fit_once.py"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "LK_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Reading:
    """What one fit took, and what it left.

    Attributes
    ----------
    answer : dict
        What `peers/fit_once.py` wrote.
    user_factors, item_factors : float32, shapes (U, F) and (I, F)
        Mapped, so that only what is scored is read.
    """

    answer: dict[str, Any]
    user_factors: np.ndarray
    item_factors: np.ndarray

    @property
    def seconds(self) -> float:
        """Seconds from the matrix to the factors of all users and items."""
        return float(self.answer["fit_seconds"] + self.answer["fold_in_seconds"])

    def figures(self) -> dict[str, Any]:
        """Return what is written down: the answer, times to the microsecond."""
        times = {name: round(self.answer[name], 6) for name in ("fit_seconds", "fold_in_seconds")}
        return self.answer | times | {"epoch_seconds": [round(seconds, 6) for seconds in self.answer["epoch_seconds"]]}


def choose_libraries(names: list[str]) -> list[str]:
    """Return those asked for, or the default ones, less those whose environment is missing, which are named."""
    chosen = names or [name for name, library in LIBRARIES.items() if library.by_default]
    missing = [name for name in chosen if not is_installed(LIBRARIES[name].environment)]
    for name in missing:
        print(f"{name} is left out: its environment is not installed", file=sys.stderr)
    return [name for name in chosen if name not in missing]


def request_of(name: str, factors: int, epochs: int, threads: int, seed: int, tuned: dict[str, float]) -> Request:
    """Return the request of a library, with its regularization and unobserved weight."""
    library = LIBRARIES[name]
    weights = {key: tuned[key] for key in ("regularization", "unobserved_weight")}
    return Request(factors, epochs, threads, seed, exponent=library.exponent, solver=library.solver, **weights)


def alternate(names: list[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield round and library, A B C A B C: what slows the machine for a while then slows them all."""
    return ((turn, name) for turn in range(rounds) for name in names)


def fit_once(name: str, matrix: Path, request: Request, core_type: str = "") -> Reading | None:
    """Fit once; None where it failed, which is said.

    `core_type` is OPENBLAS_CORETYPE of the process: "unset", a value, or empty for what is set here.
    """
    library = LIBRARIES[name]
    with tempfile.TemporaryDirectory() as folder:
        asked = {"matrix": str(matrix.resolve()), "request": asdict(request)}
        (Path(folder) / "request.json").write_text(json.dumps(asked))
        command = [python_of(library.environment), FIT_ONCE, library.file, folder]
        environment = _environment(request.threads, library.blas_threads or request.threads, core_type)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{name} failed: {done.stderr.strip()[-2000:]}", file=sys.stderr)
            return None
        answer = json.loads((Path(folder) / "answer.json").read_text())
        user_factors, item_factors = (
            np.load(Path(folder) / f"{side}_factors.npy", mmap_mode="r") for side in ("user", "item")
        )
        return Reading(answer, user_factors, item_factors)


def seconds_per_epoch(name: str, matrix: Path, request: Request, reading: Reading, core_type: str = "") -> float | None:
    """Return the median of the epochs after the first, or, where the library does not time them, of a slope.

    The slope is between the reading and another fit, of one epoch.
    """
    if times := reading.answer["epoch_seconds"]:
        return statistics.median(times[1:] or times)
    short = fit_once(name, matrix, Request(**{**asdict(request), "epochs": 1}), core_type)
    if short is None or request.epochs == 1:
        return None
    return float((reading.answer["fit_seconds"] - short.answer["fit_seconds"]) / (request.epochs - 1))


def _environment(threads: int, blas_threads: int, core_type: str) -> dict[str, str]:
    """Return the variables of a process that keeps to those threads."""
    variables = dict(os.environ) | dict.fromkeys(THREAD_VARIABLES, str(threads))
    variables["OPENBLAS_NUM_THREADS"] = str(blas_threads)
    if core_type:
        variables.pop("OPENBLAS_CORETYPE", None)
    if core_type not in ("", "unset"):
        variables["OPENBLAS_CORETYPE"] = core_type
    return variables
