"""A shop's data, read and checked once, to fit and to split as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recommender.dataset import Dataset, Events
from recommender.errors import DataError
from recommender.notebook import html
from recommender.notebook.options import config_of
from recommender.pipeline.check import read_and_check
from recommender.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recommender.config import Config
    from recommender.pipeline.check import CheckReport


@dataclass(frozen=True)
class Data:
    """Events and catalogue as the engine holds them, with the report on how they were read.

    Attributes
    ----------
    dataset : Dataset
        Ids, E events and the catalogue of I items, in dense integers.
    check : CheckReport
        Rows read, used and refused, counts of what the data holds, and warnings.
    config : Config
        What the data was read with; its `event_weights` say which event types there are.
    """

    dataset: Dataset
    check: CheckReport
    config: Config

    @cached_property
    def events(self) -> pd.DataFrame:
        """The accepted events with their own ids, E rows, in order of time (UTC)."""
        return events_frame(self.dataset, self.dataset.events)

    @cached_property
    def catalogue(self) -> pd.DataFrame:
        """The items with their own ids, I rows; `listed` says which of them the catalogue knows."""
        frame = self.dataset.catalogue.table.to_pandas()
        frame.insert(0, "item_id", self.dataset.items.ids_of(range(len(self.dataset.items))))
        return frame

    def only(self, events: Events) -> Data:
        """Return the same data with other events of the same ids."""
        return replace(self, dataset=replace(self.dataset, events=events))

    def __len__(self) -> int:
        return len(self.dataset.events)

    def __repr__(self) -> str:
        users, items = len(self.dataset.users), len(self.dataset.items)
        return f"Data({len(self):,} events, {users:,} users, {items:,} items)"

    def _repr_html_(self) -> str:
        """Show what was read, what it holds, and what to look at."""
        found, sources = self.check.summary, [*self.check.ingest.events, *self.check.ingest.catalogue]
        counts = [
            (one.name, one.read, one.used, one.refused.total(), one.left_out.total(), one.repeated_ids)
            for one in sources
        ]
        pairs = [
            ("users", found.users),
            ("sessions", found.sessions),
            ("guest orders", found.guest_orders),
            ("items", found.items),
            *found.events_by_type.items(),
            ("first event", found.first_time),
            ("last event", found.last_time),
        ]
        return html.fragment(
            html.table(("rows of", "read", "used", "refused", "left out", "repeated"), counts),
            html.facts(pairs),
            html.notes([*self.check.ingest.notices, *self.check.warnings]),
        )


def read(
    events: Any,
    catalogue: Any = None,
    *,
    columns: Mapping[str, str] | None = None,
    catalogue_columns: Mapping[str, str] | None = None,
    shop: str | Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Data:
    """Read tables: judge every row, and turn ids into dense integers.

    Parameters
    ----------
    events : table, or path or paths
        A pandas, polars or Arrow table, CSV or Parquet files, or a glob of them, with E rows: `item_id`, one of
        `user_id`, `session_id` and `order_id`, and, where there are such, `event`, `timestamp` (naive means UTC),
        `quantity`, `price`, `event_id`; docs/data.md has the rules.
    catalogue : table, or path or paths, optional
        I rows: `item_id`, and `title`, `category`, `price`, `in_stock`, … where there are such.
    columns, catalogue_columns : mapping, optional
        Our name -> yours, where they differ: {"user_id": "customer"}.
    shop : str or Path, optional
        A shop.toml whose options hold, instead of the defaults.
    **options
        Options of shop.toml, for example `event_weights={"wishlist": 2.0}` or `data__max_refused=0.1`.

    Returns
    -------
    Data
        Refused rows are in the files that its report names.

    Raises
    ------
    ConfigError
        If an option is unknown or out of bounds.
    DataError
        If a column is missing, too many rows are refused, or there is too little to train on.
    """
    if isinstance(events, Data):
        raise DataError("events: is Data that has been read already; fit it, or read the tables that it came from")
    for key, names in (("data__events_columns", columns), ("data__catalogue_columns", catalogue_columns)):
        if names:
            options[key] = dict(names)
    tables: dict[str, Any] = {}
    for name, given in (("events", events), ("catalogue", catalogue)):
        named = _named(given)
        if named is None:
            tables[name] = given
        else:
            options[f"data__{name}"] = named
    config = config_of(shop, options)
    dataset, check = read_and_check(config, **tables, progress=progress)
    return Data(dataset, check, config)


def _named(given: Any) -> str | list[str] | None:
    """Return files as shop.toml names them, None where a table was given."""
    if isinstance(given, str | Path):
        return str(given)
    if isinstance(given, list | tuple) and given and all(isinstance(one, str | Path) for one in given):
        return [str(one) for one in given]
    return None


def events_frame(dataset: Dataset, events: Events) -> pd.DataFrame:
    """Return events as a DataFrame with their own ids; columns without any value are left out."""
    columns: dict[str, Any] = {
        "user_id": _ids(dataset.users, events.user),
        "session_id": _ids(dataset.sessions, events.session),
        "item_id": _ids(dataset.items, events.item),
        "event": np.array(events.event_types, dtype=object)[events.event_type],
    }
    if events.has_times:
        columns["timestamp"] = pd.to_datetime(events.time, unit="s", utc=True)
    columns |= {"quantity": events.quantity, "price": events.price}
    return pd.DataFrame(columns).dropna(axis="columns", how="all")


def _ids(ids: Any, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the ids of dense integers, None where they are -1."""
    texts = np.array([*ids.ids_of(range(len(ids))), None], dtype=object)
    found: np.ndarray[Any, Any] = texts[codes]
    return found
