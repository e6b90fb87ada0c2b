"""A fitted model: a bundle, asked with raw ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recommender.bundle import Bundle, Store
from recommender.config import load_config
from recommender.errors import DataError, QueryError
from recommender.ingest.checks import Reason
from recommender.ingest.ids import read_ids
from recommender.ingest.remedies import REMEDIES
from recommender.ingest.sources.table import to_array
from recommender.notebook.slate import ShownSlate
from recommender.placements import Explanation, Query, explain, recommend

COLUMNS = ("rank", "item_id", "title", "price", "score", "source", "reason")


@dataclass(frozen=True, eq=False)
class Model:
    """All placements on one bundle; it never changes.

    Attributes
    ----------
    bundle : Bundle
        What was fitted: models, histories, ids and catalogue of U users and I items.
    """

    bundle: Bundle

    def recommend(
        self,
        users: Any = None,
        *,
        items: Any = None,
        placement: str | None = None,
        k: int = 10,
        **query: Any,
    ) -> pd.DataFrame:
        """Ask a placement for many users, or about many items, each on its own.

        Parameters
        ----------
        users, items : id or sequence of ids
            One of the two; strings, or whole numbers as the data had them. What is unknown gets a fallback.
        placement : str, optional
            for-you for users, also-bought for items, if not given.
        k : int
            How many items for each, 1 to 100.
        **query
            What else a question may say: `filter=("price <= 20",)`, `exclude`, `diversity`, `strict=True`, …

        Returns
        -------
        DataFrame
            A row per place: `user_id` or `anchor_id`, rank (from 1), item_id, title, price, score (0 to 1), source,
            reason.

        Raises
        ------
        QueryError
            If the placement is unknown, k out of bounds, or the placement takes something else.
        UnknownIdError
            If the question is strict and an id unknown.
        """
        if (users is None) == (items is None):
            raise QueryError("users", "name either users or items")
        name, asked = ("user_id", users) if items is None else ("anchor_id", items)
        placement = placement or ("for-you" if items is None else "also-bought")
        rows: list[dict[str, Any]] = []
        for one in ids_of(asked):
            whom: dict[str, Any] = {"user_id": one} if items is None else {"item_ids": (one,)}
            answer = recommend(self.bundle, Query(placement, k, **whom, **query))
            rows += [{name: one, **item, "reason": item["reason"]["text"]} for item in answer.items]
        return pd.DataFrame(rows, columns=[name, *COLUMNS])

    def slate(
        self, placement: str = "for-you", *, user: Any = None, items: Any = (), k: int = 10, **query: Any
    ) -> ShownSlate:
        """Ask one question, and get the answer as a shop would show it.

        `items` is the item asked about, the basket, or a history; raises as `recommend`.
        """
        anchors = tuple(ids_of(items))
        user_id = None if user is None else ids_of(user)[0]
        answer = recommend(self.bundle, Query(placement, k, user_id=user_id, item_ids=anchors, **query))
        return ShownSlate(answer, user_id, tuple(map(self._title, anchors)))

    def explain(
        self, item: Any, placement: str = "for-you", *, user: Any = None, items: Any = (), k: int = 10
    ) -> Explanation:
        """Say why an item stands where it stands in an answer, or why it does not; raises as `recommend`."""
        user_id = None if user is None else ids_of(user)[0]
        return explain(
            self.bundle, Query(placement, k, user_id=user_id, item_ids=tuple(ids_of(items))), ids_of(item)[0]
        )

    def save(self, store: str | Path) -> str:
        """Write the model as the next version of a store and make it live, so that a server answers from it.

        No gate is asked; the nightly job, `alsobought train`, asks one.

        Returns
        -------
        str
            The name of the version, "v00001".

        Raises
        ------
        StoreError, LockHeldError
            If the disk refuses, or another run holds the store.
        """
        versions = Store(Path(store))
        with versions.locked():
            version = versions.publish(self.bundle)
            versions.promote(version)
        return version

    @property
    def users(self) -> list[str]:
        """The ids of all users, U of them, in byte order."""
        return self.bundle.users.ids_of(range(len(self.bundle.users)))

    @property
    def items(self) -> list[str]:
        """The ids of all items, I of them, in byte order."""
        return self.bundle.items.ids_of(range(len(self.bundle.items)))

    def _title(self, item_id: str) -> str:
        item = self.bundle.items.index_of(item_id)
        fields = {} if item is None else self.bundle.catalogue.fields(item, ("title",))
        return str(fields.get("title", item_id))

    def __repr__(self) -> str:
        n_users, n_items = len(self.bundle.users), len(self.bundle.items)
        return f"Model({self.bundle.version or 'not saved'}, {n_users:,} users, {n_items:,} items)"


def load(path: str | Path, version: str | None = None) -> Model:
    """Open a bundle.

    Parameters
    ----------
    path : str or Path
        The folder of a store, or a shop.toml that names one.
    version : str, optional
        The live one, if not given.

    Raises
    ------
    StoreError
        If nothing was ever promoted there, or the version is missing or damaged.
    ConfigError
        If the shop.toml can't be read.
    """
    path = Path(path)
    store = Store(load_config(path).store_path if path.suffix == ".toml" else path)
    return Model(store.load_live() if version is None else store.load(version))


def ids_of(values: Any) -> list[str]:
    """Return ids as the data holds them, from one id or a sequence: 17850 and 17850.0 are "17850".

    Raises
    ------
    DataError
        If one is missing or can't be an id.
    """
    listed = [values] if np.isscalar(values) else values
    if isinstance(listed, Sequence) and not len(listed):
        return []
    found = read_ids(to_array(listed))
    wrong = np.flatnonzero(found.reasons != Reason.FINE)
    if len(wrong):
        reason = Reason(found.reasons[wrong[0]]).code
        raise DataError(f"the id at place {wrong[0]} can't be one: {reason}; {REMEDIES[reason]}")
    if not found.present.all():
        raise DataError(f"the id at place {int(np.flatnonzero(~found.present)[0])} is missing; leave it out")
    return [str(found.texts[code]) for code in found.codes.tolist()]
