"""Seconds per epoch and peak memory, over factors, threads, sizes of the matrix and kernels of OpenBLAS.

Give several values of an option to measure every combination: `--sizes 0.125 0.25 0.5 1` shows how the time grows with
the number of pairs. All libraries take the same regularization and unobserved weight: an epoch's time does not depend
on them. The figures of one reading are kept; the medians over the rounds are what BENCHMARKS.md shows.
"""

from __future__ import annotations

import argparse
from itertools import product

from benchmarks.training import datasets
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.measure import alternate, choose_libraries, fit_once, request_of, seconds_per_epoch
from benchmarks.training.record import write_record

UNTUNED = {
    0.0: {"regularization": 3.0, "unobserved_weight": 0.03},
    1.0: {"regularization": 0.003, "unobserved_weight": 0.03},
}
"""By the exponent of the regularization."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `epochs` can be told."""
    datasets.add_options(parser)
    parser.add_argument("--libraries", nargs="*", default=[], metavar="NAME", help=f"Of {', '.join(LIBRARIES)}.")
    parser.add_argument("--factors", type=int, nargs="+", default=[128])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--sizes", type=float, nargs="+", default=[1.0], help="Shares of the users, 0 to 1.")
    parser.add_argument(
        "--core-types",
        nargs="+",
        default=["unset"],
        metavar="KERNEL",
        help="Values of OPENBLAS_CORETYPE, such as Haswell; unset lets OpenBLAS choose.",
    )
    parser.add_argument("--epochs", type=int, default=4, help="Of each fit.")
    parser.add_argument("--rounds", type=int, default=3, help="Alternating readings of each library.")
    parser.add_argument("--label", default="", help="Ends the name of the result file.")


def run(asked: argparse.Namespace) -> None:
    """Measure every combination, the libraries in turn."""
    split = datasets.test_split(asked)
    names = choose_libraries(asked.libraries)
    rows = []
    for size, factors, threads, core_type in product(asked.sizes, asked.factors, asked.threads, asked.core_types):
        matrix = datasets.first_users(split, size)
        for turn, name in alternate(names, asked.rounds):
            request = request_of(name, factors, asked.epochs, threads, turn, UNTUNED[LIBRARIES[name].exponent])
            reading = fit_once(name, matrix, request, core_type)
            if reading is None:
                continue
            seconds = seconds_per_epoch(name, matrix, request, reading, core_type)
            setting = {"size": size, "factors": factors, "threads": threads, "core_type": core_type}
            rows.append({"library": name, **setting, "round": turn, "seconds_per_epoch": seconds, **reading.figures()})
            print(f"{name}: {setting}, {seconds or float('nan'):.3f} s an epoch", flush=True)
    label = f"-{asked.label}" if asked.label else ""
    setting = {"dataset": asked.dataset, "epochs": asked.epochs, "rounds": asked.rounds}
    write_record(f"training-epochs-{asked.dataset}{label}", setting, rows, kind="training-epochs")
