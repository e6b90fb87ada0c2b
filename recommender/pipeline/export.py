"""export: the slates of many users or items in one file, for a mailing, a data warehouse or a report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recommender.bundle import Bundle, Store
from recommender.config import Config
from recommender.errors import ConfigError
from recommender.ingest import IdList, read_id_list
from recommender.models.threads import available_threads
from recommender.pipeline.exported import note_export
from recommender.pipeline.row_files import format_of, rows_written
from recommender.pipeline.slates import Question, Slates, make_slates
from recommender.pipeline.workers import CHUNK, by_workers
from recommender.placements import PLACEMENTS, placement_of
from recommender.progress import Progress, silent

ANCHOR_COLUMNS = {"user_id": "user_id", "item_id": "anchor_id"}
OTHER_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("item_id", pa.string()),
    ("rank", pa.int32()),
    ("score", pa.float64()),
    ("source", pa.string()),
]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A file that was written.

    Attributes
    ----------
    out, placement, version, k
        The file, and what was asked of which version.
    asked_with : str
        "user_id" or "item_id".
    asked, repeated, unknown : int
        Distinct ids asked about; rows of the list that named one again; ids the version does not know, whose slates
        are the placement's fallback.
    rows, shortfall : int
        Rows written, and how many fewer they are than k for each id.
    sources : dict
        Source -> its share of the rows, the largest first.
    seconds : float
    """

    out: str
    placement: str
    version: str
    k: int
    asked_with: str
    asked: int
    repeated: int
    unknown: int
    rows: int
    shortfall: int
    sources: dict[str, float]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types; `asked` is called `users` or `items`."""
        record = asdict(self)
        users_or_items = "users" if record.pop("asked_with") == "user_id" else "items"
        return {users_or_items if name == "asked" else name: value for name, value in record.items()}


def run(
    config: Config,
    question: Question,
    ids: Path | None,
    out: Path,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> ExportResult:
    """Write what the live version answers about all users or items that a file lists, or about all there are.

    Parameters
    ----------
    ids : Path or None
        A CSV file with the column `question.asked_with`; None stands for all users, or all items of the catalogue.
    out : Path
        The file to write; its ending (.csv, .parquet, .jsonl) tells the format. One that is there is replaced.
    workers : int, optional
        Processes; one per core by default. A list of a single chunk is answered in this process.

    Raises
    ------
    ConfigError
        If the ending is another, k is out of bounds, the placement is not asked so, or `out` is the list itself.
    DataError
        If the list can't be read, or a row of it has no legal id.
    StoreError
        If no version is live, it is damaged, or the disk refuses.
    """
    began = time.perf_counter()
    format_of(out)
    _require_fitting(question)
    if ids is not None and out.exists() and ids.exists() and out.samefile(ids):
        raise ConfigError(f"{out}: is the list itself; name another file to write")
    listed = None if ids is None else read_id_list(ids, question.asked_with)
    store = Store(config.store_path)
    bundle = store.load_live()
    n_asked, chunks = _chunks(bundle, question, listed)
    answers = _answers(store, bundle, question, chunks, min(workers or available_threads(), -(-n_asked // CHUNK)))
    done = unknown = 0
    rows_by_source = Counter[str]()
    schema = pa.schema([(ANCHOR_COLUMNS[question.asked_with], pa.string()), *OTHER_COLUMNS])
    with closing(answers), rows_written(out, schema) as write:
        for slates in answers:
            write(slates.rows)
            rows_by_source.update(source for *_, source in slates.rows)
            unknown += slates.unknown
            done += slates.asked
            progress("export", done, n_asked)
    if question.asked_with == "user_id":
        note_export(store.path, out)
    n_rows = rows_by_source.total()
    return ExportResult(
        out=str(out),
        placement=question.placement,
        version=bundle.version,
        k=question.k,
        asked_with=question.asked_with,
        asked=n_asked,
        repeated=0 if listed is None else listed.repeated,
        unknown=unknown,
        rows=n_rows,
        shortfall=n_asked * question.k - n_rows,
        sources={source: round(count / n_rows, 4) for source, count in rows_by_source.most_common()},
        seconds=round(time.perf_counter() - began, 3),
    )


def _require_fitting(question: Question) -> None:
    """Raise ConfigError for a question that no id makes right."""
    placement = PLACEMENTS.get(question.placement)
    if placement is not None and placement.anchor in ("item", "basket") and question.asked_with == "user_id":
        raise ConfigError(f"{placement.name} is asked with items: name them with --items FILE or --items all")
    if placement is not None and placement.anchor is None and question.asked_with == "item_id":
        raise ConfigError(f"{placement.name} is not asked with items: name users with --users FILE or --users all")
    placement_of(question.about("any"))


def _chunks(bundle: Bundle, question: Question, listed: IdList | None) -> tuple[int, Iterator[list[str]]]:
    """Return the number of ids to ask about, and the ids."""
    if listed is not None:
        n_listed = len(listed.ids)
        return n_listed, (listed.ids[start : start + CHUNK] for start in range(0, n_listed, CHUNK))
    if question.asked_with == "user_id":
        id_map, ranks = bundle.users, np.arange(len(bundle.users))
    else:
        id_map, ranks = bundle.items, np.flatnonzero(bundle.catalogue.servable)
    starts = range(0, len(ranks), CHUNK)
    return len(ranks), (id_map.ids_of(ranks[start : start + CHUNK].tolist()) for start in starts)


def _answers(
    store: Store, bundle: Bundle, question: Question, chunks: Iterator[list[str]], workers: int
) -> Generator[Slates, None, None]:
    make = partial(make_slates, question)
    if workers > 1:
        return by_workers(store.path, bundle.version, make, chunks, workers)
    return (make(bundle, chunk) for chunk in chunks)
