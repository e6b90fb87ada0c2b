"""A cut through a shop's data: fit on one side, ask about the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from recommender.evaluation import BestSellers, Holdout, hold_out_dataset
from recommender.notebook import html
from recommender.notebook.data import Data, events_frame, read
from recommender.notebook.options import config_of

if TYPE_CHECKING:
    import scipy.sparse as sp

    from recommender.dataset import IdMap


@dataclass(frozen=True)
class Split:
    """Two sides of the same data, with the same ids.

    Attributes
    ----------
    train : Data
        What models may be fitted on.
    holdout : Holdout
        Both sides in dense integers, for `recommender.evaluation`.
    """

    train: Data
    holdout: Holdout

    @property
    def test(self) -> pd.DataFrame:
        """The events to be foretold, with their own ids."""
        return events_frame(self.train.dataset, self.holdout.split.test)

    @property
    def user_items(self) -> sp.csr_matrix:
        """How often each user bought each item in training, shape (U, I): what models of other libraries take."""
        return self.holdout.user_items

    @property
    def users(self) -> IdMap:
        """The ids of the rows of `user_items`: `users.index_of("anna")`."""
        return self.holdout.users

    @property
    def items(self) -> IdMap:
        """The ids of the columns of `user_items`."""
        return self.holdout.items

    def best_sellers(self, days: float = 28.0) -> BestSellers:
        """Return the model to beat: what most users bought in the last days of training, and the user has not."""
        return BestSellers(self.holdout, days)

    def __repr__(self) -> str:
        counts = self.holdout.split.counts
        return f"Split({self.holdout.split.kind}: {counts.train_events:,} events train, {counts.test_events:,} test)"

    def _repr_html_(self) -> str:
        """Show the sides, and what the split leaks."""
        counts = self.holdout.split.counts
        pairs = [
            ("split", self.holdout.split.kind.replace("_", " ")),
            ("training events", counts.train_events),
            ("test events", counts.test_events),
            ("cold test users", f"{counts.cold_users:,} of {counts.test_users:,}"),
            ("cold test items", f"{counts.cold_items:,} of {counts.test_items:,}"),
        ]
        return html.fragment(html.facts(pairs), html.notes([self.holdout.split.note]))


def hold_out(events: Any, catalogue: Any = None, *, seed: int = 0, **options: Any) -> Split:
    """Cut a shop's events in two.

    Parameters
    ----------
    events, catalogue : table or Data
        As `read` takes them, or what it returned.
    seed : int
        Of a random split.
    **options
        Those of `[evaluation]`: `split` ("time", "leave_last_order_out", "leave_last_item_out", "random"), `test_days`,
        `test_share`. docs/evaluation.md says what each split leaks.

    Raises
    ------
    ConfigError
        If an option is unknown or out of bounds.
    DataError
        If the tables can't be used, or a side would be empty.
    """
    data = events if isinstance(events, Data) else read(events, catalogue)
    weights = {"event_weights": dict(data.config.event_weights)}
    config = config_of(None, {**weights, **{f"evaluation__{name}": value for name, value in options.items()}})
    found = hold_out_dataset(data.dataset, config, seed=seed)
    return Split(data.only(found.split.train), found)
