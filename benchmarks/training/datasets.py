"""What is trained on and what is held out: matrices of ones in a cache, made from folders that the caller names."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.training.generated import GENERATED, generate

SPLIT_ALREADY = ("gowalla", "amazon-electronics")
NAMES = (*SPLIT_ALREADY, "complete-journey", *GENERATED)

VALIDATION_SHARE = 0.1
TEST_DAYS = 28
LEAST_HOUSEHOLDS = 5
"""The least households that bought an item of the Complete Journey for it to count."""


@dataclass(frozen=True)
class Split:
    """Two files with matrices of users x items, no pair in both."""

    train: Path
    held_out: Path

    def matrices(self) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Read both, float32."""
        return sp.load_npz(self.train).tocsr(), sp.load_npz(self.held_out).tocsr()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which data, and where it lies."""
    parser.add_argument("--dataset", choices=NAMES, default="amazon-electronics")
    parser.add_argument(
        "--datasets",
        type=Path,
        default=Path("datasets"),
        metavar="FOLDER",
        help="Has gowalla/ and amazon-electronics/, each with train.parquet and test.parquet (user_id, item_id).",
    )
    parser.add_argument(
        "--complete-journey",
        type=Path,
        default=Path("data/complete-journey"),
        metavar="FOLDER",
        help="What data/complete_journey.py wrote.",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path.home() / ".cache" / "alsobought-benchmarks",
        metavar="FOLDER",
        help="Where matrices are kept between runs.",
    )


def test_split(asked: argparse.Namespace) -> Split:
    """Return what the final figures are measured on; ends the command where the data is not there."""
    split = _split_in(asked.cache / asked.dataset, "test")
    if not split.held_out.exists():
        if asked.dataset in GENERATED:
            base = argparse.Namespace(**{**vars(asked), "dataset": "gowalla"})
            pairs = generate(sp.load_npz(test_split(base).train), *GENERATED[asked.dataset])
            _write(split, *_hold_out(pairs, 0.02))
        else:
            _write(split, *_read(asked))
    return split


def validation_split(asked: argparse.Namespace) -> Split:
    """Return what is tuned on: about a tenth of each user's training pairs is held out, the test pairs take no part."""
    split = _split_in(asked.cache / asked.dataset, "validation")
    if not split.held_out.exists():
        _write(split, *_hold_out(sp.load_npz(test_split(asked).train).tocsr(), VALIDATION_SHARE))
    return split


def first_users(split: Split, share: float) -> Path:
    """Return the file of the training matrix of the first users only, with as many items."""
    if share == 1:
        return split.train
    path = split.train.with_name(f"train-{share:g}.npz")
    if not path.exists():
        train = sp.load_npz(split.train).tocsr()
        sp.save_npz(path, train[: round(train.shape[0] * share)], compressed=False)
    return path


def _split_in(folder: Path, name: str) -> Split:
    return Split(folder / f"{name}-train.npz", folder / f"{name}-held-out.npz")


def _write(split: Split, train: sp.csr_matrix, held_out: sp.csr_matrix) -> None:
    split.train.parent.mkdir(parents=True, exist_ok=True)
    sp.save_npz(split.train, train, compressed=False)
    sp.save_npz(split.held_out, held_out, compressed=False)


def _read(asked: argparse.Namespace) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Return the given split of a real data set."""
    if asked.dataset == "complete-journey":
        return _complete_journey(_existing(asked.complete_journey / "events.parquet"))
    folder = asked.datasets / asked.dataset
    train, test = (pd.read_parquet(_existing(folder / f"{part}.parquet")) for part in ("train", "test"))
    both = pd.concat([train, test])
    shape = (int(both["user_id"].max()) + 1, int(both["item_id"].max()) + 1)
    return _ones(train["user_id"], train["item_id"], shape), _ones(test["user_id"], test["item_id"], shape)


def _complete_journey(path: Path) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Train on purchases before the last 28 days; held out are the pairs that are new after them."""
    events = pd.read_parquet(path, columns=["user_id", "item_id", "timestamp"])
    households = events.groupby("item_id")["user_id"].transform("nunique")
    events = events[households >= LEAST_HOUSEHOLDS]
    users, items = (pd.Categorical(events[column]) for column in ("user_id", "item_id"))
    shape = (len(users.categories), len(items.categories))
    before = (events["timestamp"] < events["timestamp"].max() - pd.Timedelta(days=TEST_DAYS)).to_numpy()
    train = _ones(users.codes[before], items.codes[before], shape)
    after = _ones(users.codes[~before], items.codes[~before], shape)
    new = (after - after.multiply(train)).tocsr()
    new.eliminate_zeros()
    return train, new


def _hold_out(pairs: sp.csr_matrix, share: float) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out about that share of each user's pairs: each pair by a coin, save the first of a user."""
    held = np.random.default_rng(0).random(pairs.nnz) < share
    held[pairs.indptr[:-1][np.diff(pairs.indptr) > 0]] = False
    users = np.repeat(np.arange(pairs.shape[0], dtype=np.int32), np.diff(pairs.indptr))
    train, held_out = (_ones(users[part], pairs.indices[part], pairs.shape) for part in (~held, held))
    return train, held_out


def _ones(users: np.ndarray, items: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    """Return the matrix that is 1 at each pair, however often it is given."""
    matrix = sp.coo_matrix((np.ones(len(users), dtype=np.float32), (users, items)), shape=shape).tocsr()
    matrix.data[:] = 1
    matrix.sort_indices()
    return matrix


def _existing(path: Path) -> Path:
    """Return the path; ends the command, without an error, where nothing is there."""
    if not path.exists():
        print(f"Skipped: {path} is not there (see --help for the options that name folders)", file=sys.stderr)
        raise SystemExit(0)
    return path
