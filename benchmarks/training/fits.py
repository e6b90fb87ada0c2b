"""A whole fit with tuned parameters: seconds, and NDCG@20 and Recall@20 on the test pairs.

Each library takes the regularization, the unobserved weight and the number of epochs that `tune` chose for it. The
seed is the number of the round.
"""

from __future__ import annotations

import argparse

from benchmarks.training import datasets
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.measure import alternate, choose_libraries
from benchmarks.training.record import write_record
from benchmarks.training.scoring import Scorer
from benchmarks.training.tuning import tuned_rows


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `fit` can be told."""
    datasets.add_options(parser)
    parser.add_argument("--libraries", nargs="*", default=[], metavar="NAME", help=f"Of {', '.join(LIBRARIES)}.")
    parser.add_argument("--factors", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--core-type", default="unset", help="OPENBLAS_CORETYPE, such as Haswell.")
    parser.add_argument("--rounds", type=int, default=3, help="Alternating readings of each library, a seed each.")
    parser.add_argument("--users", type=int, default=0, help="Most test users that are scored; 0: all.")


def run(asked: argparse.Namespace) -> None:
    """Fit in turn, score, write."""
    scorer = Scorer.of(datasets.test_split(asked), asked)
    tuned = tuned_rows(asked.dataset, asked.factors)
    names = [name for name in choose_libraries(asked.libraries) if name in tuned]
    rows = [scorer.row(name, tuned[name], tuned[name]["epochs"], turn) for turn, name in alternate(names, asked.rounds)]
    setting = {key: vars(asked)[key] for key in ("dataset", "factors", "threads", "core_type", "rounds")}
    pinned = "" if asked.core_type == "unset" else f"-{asked.core_type}"
    file_name = f"training-fit-{asked.dataset}-{asked.factors}-threads-{asked.threads}{pinned}"
    setting["scored_users"] = len(scorer.users)
    write_record(file_name, setting, list(filter(None, rows)), kind="training-fit")
