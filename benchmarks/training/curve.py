"""NDCG@20 on the test pairs against the seconds of a fit, by the number of epochs; writes a picture too.

Parameters are those that `tune` chose; each point is a fit of its own. The picture needs the environment `picture`
that `install` makes.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from benchmarks.training import datasets
from benchmarks.training.environments import is_installed, python_of
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.measure import alternate, choose_libraries
from benchmarks.training.record import write_record
from benchmarks.training.scoring import Scorer
from benchmarks.training.tuning import EPOCHS, tuned_rows

ROOT = Path(__file__).parents[2]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `curve` can be told."""
    datasets.add_options(parser)
    parser.add_argument("--libraries", nargs="*", default=[], metavar="NAME", help=f"Of {', '.join(LIBRARIES)}.")
    parser.add_argument("--factors", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--core-type", default="unset", help="OPENBLAS_CORETYPE, such as Haswell.")
    parser.add_argument("--epochs", type=int, nargs="+", default=list(EPOCHS))
    parser.add_argument("--rounds", type=int, default=3, help="Alternating readings of each point, a seed each.")
    parser.add_argument("--users", type=int, default=10_000, help="Most test users that are scored; 0: all.")
    parser.add_argument(
        "--picture",
        type=Path,
        default=ROOT / "docs" / "images" / "ndcg-against-seconds.svg",
        metavar="FILE",
        help="Where the picture goes.",
    )


def run(asked: argparse.Namespace) -> None:
    """Fit at each number of epochs in turn, score, write, draw."""
    scorer = Scorer.of(datasets.test_split(asked), asked)
    tuned = tuned_rows(asked.dataset, asked.factors)
    names = [name for name in choose_libraries(asked.libraries) if name in tuned]
    rows = [
        scorer.row(name, tuned[name], epochs, turn)
        for epochs in asked.epochs
        for turn, name in alternate(names, asked.rounds)
    ]
    setting = {key: vars(asked)[key] for key in ("dataset", "factors", "threads", "core_type", "rounds")}
    record = write_record(
        f"training-curve-{asked.dataset}-{asked.factors}", setting, list(filter(None, rows)), kind="training-curve"
    )
    draw(record, asked.picture)


def draw(record: Path, picture: Path) -> None:
    """Draw a record in the environment that has matplotlib; says so where there is none."""
    if not is_installed("picture"):
        print("No picture: python -m benchmarks.training install picture")
        return
    picture.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([python_of("picture"), Path(__file__).with_name("picture.py"), record, picture], check=True)
    print(f"drew {picture.name}")
