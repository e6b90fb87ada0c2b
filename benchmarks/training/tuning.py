"""Tune each library by one rule on validation data, and choose how many epochs it needs.

Every library gets the same number of configurations of regularization and unobserved weight: half of them spread evenly
over the whole range, the rest over a third of it around the best so far. Then the fewest epochs that reach 0.99 of
its best validation NDCG@20 are kept. What a library was given stands in `benchmarks/results/tuned-*.json`; it is not
tuned again unless --again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.training import datasets
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.measure import choose_libraries
from benchmarks.training.record import command_line, read_record, write_record
from benchmarks.training.scoring import Scorer

EPOCHS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
ENOUGH = 0.99
UNOBSERVED_WEIGHT = (3e-3, 0.3)
REGULARIZATION = {0.0: (0.01, 10.0), 1.0: (1e-5, 1e-2)}
"""Least and most, by the exponent of the regularization; exponent 1 multiplies it by sums of confidences."""

Score = Callable[[str, dict[str, float], int], float]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `tune` can be told."""
    datasets.add_options(parser)
    parser.add_argument("--libraries", nargs="*", default=[], metavar="NAME", help=f"Of {', '.join(LIBRARIES)}.")
    parser.add_argument("--factors", type=int, default=128)
    parser.add_argument("--configurations", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10, help="Of each configuration.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--core-type", default="unset", help="OPENBLAS_CORETYPE, such as Haswell.")
    parser.add_argument("--users", type=int, default=10_000, help="Most users that are scored.")
    parser.add_argument("--again", action="store_true", help="Also those that are tuned already.")


def run(asked: argparse.Namespace) -> None:
    """Tune the libraries that are not tuned yet, those whose parameters others take first."""
    name = file_name(asked.dataset, asked.factors)
    rows = {row["library"]: row for row in (read_record(name) or {"rows": []})["rows"]}
    scorer = Scorer.of(datasets.validation_split(asked), asked)

    def score(library: str, weights: dict[str, float], epochs: int) -> float:
        row = scorer.row(library, weights, epochs, seed=0)
        return row["ndcg"] if row else 0.0

    for library in sorted(choose_libraries(asked.libraries), key=lambda name: LIBRARIES[name].tuned_as):
        if library in rows and not asked.again:
            print(f"{library} is tuned already")
            continue
        row = _tune(library, rows, score, asked)
        if row is not None:
            rows[library] = row
            setting = {key: vars(asked)[key] for key in ("dataset", "factors", "threads", "users")}
            write_record(name, setting, list(rows.values()), kind="training-tuned")


def file_name(dataset: str, factors: int) -> str:
    """Return the name of the record that has the tuned parameters."""
    return f"tuned-{dataset}-{factors}"


def tuned_rows(dataset: str, factors: int) -> dict[str, dict[str, Any]]:
    """Return what was tuned, by library: regularization, unobserved_weight, epochs and more."""
    record = read_record(file_name(dataset, factors))
    if record is None:
        raise SystemExit(f"Nothing is tuned for {dataset} at {factors} factors: run tune first")
    return {row["library"]: row for row in record["rows"]}


def _tune(library: str, rows: dict[str, Any], score: Score, asked: argparse.Namespace) -> dict[str, Any] | None:
    """Return the row of one library; None where it failed or where what it is tuned as is not tuned."""
    tuned_as = LIBRARIES[library].tuned_as
    if tuned_as and tuned_as not in rows:
        print(f"{library} is left out: {tuned_as}, whose parameters it takes, is not tuned")
        return None
    tried: list[dict[str, float]] = []
    if tuned_as:
        best = {key: rows[tuned_as][key] for key in ("regularization", "unobserved_weight")}
    else:
        tried = _search(library, score, asked.configurations, asked.epochs)
        best = {
            key: max(tried, key=lambda point: point["ndcg"])[key] for key in ("regularization", "unobserved_weight")
        }
    by_epochs = {epochs: score(library, best, epochs) for epochs in EPOCHS}
    epochs = fewest_enough(by_epochs)
    if not by_epochs[epochs]:
        return None
    print(f"{library}: {best}, {epochs} epochs, NDCG@20 {by_epochs[epochs]:.4f}", flush=True)
    return {
        "library": library,
        "exponent": LIBRARIES[library].exponent,
        **best,
        "epochs": epochs,
        "ndcg": by_epochs[epochs],
        "tuned_as": tuned_as,
        "ndcg_by_epochs": by_epochs,
        "tried": tried,
        "command": command_line(),
    }


def fewest_enough(by_epochs: dict[int, float]) -> int:
    """Return the fewest epochs with 0.99 of the best NDCG."""
    best = max(by_epochs.values())
    return min((epochs for epochs, ndcg in by_epochs.items() if ndcg >= ENOUGH * best), default=max(by_epochs))


def _search(library: str, score: Score, n: int, epochs: int) -> list[dict[str, float]]:
    """Try `n` configurations: half over the whole range, half around the best of those."""
    tried: list[dict[str, float]] = []
    center, width = np.array([0.5, 0.5]), 1.0
    for count in (n - n // 2, n // 2):
        for point in _evenly_spread(count, center, width):
            configuration = _configuration(point, LIBRARIES[library].exponent)
            tried.append({**configuration, "ndcg": score(library, configuration, epochs), "at": point.tolist()})
            print(f"{library}: {configuration}", flush=True)
        center, width = np.array(max(tried, key=lambda one: one["ndcg"])["at"]), 1 / 3
    for one in tried:
        del one["at"]
    return tried


def _evenly_spread(n: int, center: np.ndarray, width: float) -> Iterator[np.ndarray]:
    """Yield `n` points of a square around the center, by steps of the plastic number (Roberts' R2 sequence)."""
    steps = 1 / 1.32471795724474602596 ** np.array([1, 2])
    for number in range(1, n + 1):
        yield center + width * ((0.5 + number * steps) % 1 - 0.5)


def _configuration(point: np.ndarray, exponent: float) -> dict[str, float]:
    """Return the parameters at a point of the unit square, both on a logarithmic scale."""
    ranges = {"regularization": REGULARIZATION[exponent], "unobserved_weight": UNOBSERVED_WEIGHT}
    return {
        name: float(f"{least * (most / least) ** at:.4g}")
        for (name, (least, most)), at in zip(ranges.items(), point, strict=True)
    }
