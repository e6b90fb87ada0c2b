"""What a connector is: a name, and a function from files to sources whose columns have our names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recommender.ingest.sources import Batch, Source


@dataclass(frozen=True, slots=True)
class Tables:
    """The sources that a connector found in some files; the catalogue's are read after all of the events'."""

    events: Sequence[Source] = ()
    catalogue: Sequence[Source] = ()


@dataclass(frozen=True, slots=True)
class Connector:
    """One format that shops have.

    Attributes
    ----------
    name : str
        What `alsobought ingest` calls it.
    about : str
        What it reads, in a line.
    endings : tuple of str
        The files that are taken from a folder that somebody names.
    tables : callable
        Returns the sources in some files; raises DataError, naming the file, where one is not of this format.
    """

    name: str
    about: str
    endings: tuple[str, ...]
    tables: Callable[[Sequence[Path]], Tables]


@dataclass(frozen=True, slots=True)
class Stream:
    """A source made of a function: `make` is called for each reading and gives batches with the columns `names`."""

    name: str
    names: tuple[str, ...]
    make: Callable[[], Iterator[Batch]]
    rows: None = None

    def columns(self) -> list[str]:
        """Return the names of its columns, which are ours."""
        return list(self.names)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Give the named columns."""
        for batch in self.make():
            yield replace(batch, columns=batch.columns.select(list(columns)))
