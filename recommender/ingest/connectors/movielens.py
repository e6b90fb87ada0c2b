"""MovieLens, any size: https://grouplens.org/datasets/movielens/, unpacked

    ratings.csv, ratings.dat, u.data    userId, movieId, timestamp    user_id, item_id, timestamp
                                        rating of 4 or more           event = purchase: somebody liked it
    movies.csv, movies.dat, u.item      movieId, title, genres        item_id, title, category (the first genre), genres

The sets have come in three forms: CSV with a header, fields between "::", and tabs or bars without a header, the older
ones in Latin 1. Lower ratings say that somebody saw a film and was not taken with it; they are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from recommender.ingest.checks import Reason
from recommender.ingest.columns import Column, read_numbers
from recommender.ingest.connectors.connector import Connector, Stream, Tables
from recommender.ingest.connectors.mapped import Rows, mapped
from recommender.ingest.connectors.named_files import by_name
from recommender.ingest.connectors.objects import BATCH_OBJECTS, Line, read_lines
from recommender.ingest.connectors.texts import as_text
from recommender.ingest.sources import Batch, Refusal, Source, list_source, table_batch

FILES = {
    "ratings": "ratings.csv",
    "ratings of 1m and 10m": "ratings.dat",
    "ratings of 100k": "u.data",
    "movies": "movies.csv",
    "movies of 1m and 10m": "movies.dat",
    "movies of 100k": "u.item",
}
RATINGS = ("userId", "movieId", "rating", "timestamp")
MOVIES = ("movieId", "title", "genres")
EVENTS = dict.fromkeys(("user_id", "item_id", "event", "timestamp"), pa.string())
ITEMS = dict.fromkeys(("item_id", "title", "category", "genres"), pa.string())
LIKED = 4.0
GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The flags at the end of a line of u.item, in order."""
FIRST_FLAG = 5
NO_GENRES = "(no genres listed)"


def tables(files: Sequence[Path]) -> Tables:
    """Return what was liked, and the films."""
    ratings = [
        path for path in files if path.name.lower().removesuffix(".gz") in ("ratings.csv", "ratings.dat", "u.data")
    ]
    found = by_name(files, FILES, [] if ratings else ["ratings"])
    movies = [path for kind in list(FILES)[3:] for path in found[kind]]
    return Tables(
        [mapped(_source(path, RATINGS), EVENTS, RATINGS, (), _liked) for path in ratings],
        [mapped(_source(path, MOVIES), ITEMS, MOVIES, (), _films) for path in movies],
    )


def _source(path: Path, names: Sequence[str]) -> Source:
    if path.name.lower().removesuffix(".gz").endswith(".csv"):
        return list_source(path)
    separator = {"u.data": "\t", "u.item": "|"}.get(path.name.lower().removesuffix(".gz"), "::")
    return Stream(str(path), tuple(names), partial(_lines, path, names, separator))


def _lines(path: Path, names: Sequence[str], separator: str) -> Iterator[Batch]:
    """Read lines without a header, in Latin 1."""
    lines = read_lines(path, str(path))
    while chunk := list(islice(lines, BATCH_OBJECTS)):
        split = [(line, _fields(line, separator)) for line in chunk]
        fine = [(line.number, fields) for line, fields in split if len(fields) == len(names)]
        wrong = Reason.WRONG_NUMBER_OF_FIELDS.code
        refused = [
            Refusal(line.number, wrong, separator.join(fields)) for line, fields in split if len(fields) != len(names)
        ]
        columns = [pa.array([fields[place] for _, fields in fine], pa.string()) for place in range(len(names))]
        batch = table_batch(pa.RecordBatch.from_arrays(columns, names=list(names)), 1)
        yield Batch(batch.columns, np.array([number for number, _ in fine], dtype=np.int64), batch.row_text, refused)


def _fields(line: Line, separator: str) -> list[str]:
    fields = line.text.decode("latin-1").rstrip("\r\n").split(separator)
    if len(fields) == FIRST_FLAG + len(GENRES):
        flags = fields[FIRST_FLAG:]
        return [*fields[:2], "|".join(genre for genre, flag in zip(GENRES, flags, strict=True) if flag == "1")]
    return fields


def _liked(theirs: Mapping[str, Column]) -> Rows:
    ratings, bad = read_numbers(theirs["rating"])
    lower = (ratings < LIKED) & ~bad
    kept = np.flatnonzero(~lower)
    columns = {"user_id": "userId", "item_id": "movieId", "timestamp": "timestamp"}
    taken = {ours: as_text(theirs[name]).take(pa.array(kept)) for ours, name in columns.items()}
    left_out = {f"ratings below {LIKED:g}": int(lower.sum())} if lower.any() else {}
    events = np.where(bad[kept], "", "purchase")  # nobody knows what a broken rating said
    return Rows({**taken, "event": events}, kept, left_out)


def _films(theirs: Mapping[str, Column]) -> Rows:
    genres = [None if text in (None, "", NO_GENRES) else text for text in as_text(theirs["genres"]).to_pylist()]
    first = [text.split("|")[0] if text else None for text in genres]
    ids = as_text(theirs["movieId"])
    columns = {"item_id": ids, "title": as_text(theirs["title"]), "category": first, "genres": genres}
    return Rows(columns, np.arange(len(ids)))


MOVIELENS = Connector(
    "movielens",
    "MovieLens, any size: CSV, .dat, or u.data and u.item",
    tuple(kind + end for kind in (".csv", ".dat", ".data", ".item") for end in ("", ".gz")),
    tables,
)
