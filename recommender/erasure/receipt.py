"""What was done to forget somebody, on record without naming them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from recommender.bundle.store import replace_file
from recommender.erasure.file_search import Hit
from recommender.erasure.rows import Taken
from recommender.errors import disk_errors
from recommender.version import __version__

FOLDER = "erasures"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one erasure.

    Attributes
    ----------
    user_sha256 : str
        What the event log keeps of the user: the SHA-256 of "user:" and the id.
    requested_at, by : str
        When (RFC 3339, UTC), and who ran it.
    events, sessions : int
        Rows deleted from the event log, and sessions that were joined to the user.
    taken : list of Taken
        Files that rows were taken out of.
    removed : list of str
        Folders and versions that were deleted.
    pending : dict
        Versions that still hold the user, and the time from which on the next `train`, `forget` or `models prune`
        deletes them; the live one goes once another has taken its place.
    files, bytes : int
        How much was searched.
    left : list of Hit
        Where the user was found all the same: not in versions that are pending.
    not_ours : list of str
        Sources of the shop's own, which training reads without the user and nobody here rewrites.
    """

    user_sha256: str
    requested_at: str
    by: str
    events: int
    sessions: int
    taken: list[Taken]
    removed: list[str]
    pending: dict[str, str]
    files: int
    bytes: int
    left: list[Hit]
    not_ours: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as JSON types, with the SHA-256 of all the rest of it."""
        record = {**asdict(self), "program": __version__}
        digest = hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return {**record, "sha256": digest}


def write_receipt(store: Path, receipt: Receipt) -> Path:
    """Write a receipt below a store's folder, under the next number; call it within the store's lock."""
    folder = store / FOLDER
    with disk_errors(folder):
        folder.mkdir(exist_ok=True)
        last = max((int(path.stem) for path in folder.glob("*.json") if path.stem.isdigit()), default=0)
        path = folder / f"{last + 1:05d}.json"
        replace_file(path, orjson.dumps(receipt.to_dict(), option=orjson.OPT_INDENT_2))
    return path
