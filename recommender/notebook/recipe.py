"""A recipe: options, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recommender.config import Config
from recommender.errors import ConfigError, DataError
from recommender.notebook.data import Data, read
from recommender.notebook.model import Model
from recommender.notebook.options import config_of
from recommender.notebook.report import Report
from recommender.pipeline.evaluate import evaluate_dataset
from recommender.pipeline.fit import fit_bundle, precompute
from recommender.progress import Progress, silent

NO_RIVALS: Mapping[str, Recipe] = {}


class Recipe:
    """All models and placements under some options; it never changes, and `fit` returns another object, the model.

    Parameters are handled as scikit-learn handles them (`get_params`, `set_params`, `sklearn.base.clone`), but that
    `set_params` returns a changed copy.

    Parameters
    ----------
    shop : str or Path, optional
        A shop.toml whose options to begin with, instead of the defaults.
    **options
        Options of shop.toml by their path, with two underscores for the points: `models__als__factors=64`,
        `placements__for_you__exclude_seen=False`, `event_weights={"view": 0.5}`. docs/configuration.md has them all,
        with their bounds.

    Raises
    ------
    ConfigError
        If an option is unknown or out of bounds.

    Examples
    --------
    >>> from recommender.toy_shop import make_toy_shop
    >>> import recommender as rec
    >>> shop = make_toy_shop()
    >>> model = rec.Recipe(models__als__factors=16).fit(shop.events, shop.catalogue)
    >>> model.recommend(items=["TENT"], k=1)["item_id"].tolist()
    ['PEGS']
    """

    def __init__(self, shop: str | Path | None = None, **options: Any) -> None:
        self._shop = shop
        self._options = options
        self.config: Config = config_of(shop, options)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return what this was made with; `deep` changes nothing, since nothing inside has parameters of its own."""
        return {**({} if self._shop is None else {"shop": self._shop}), **self._options}

    def set_params(self, **options: Any) -> Recipe:
        """Return a copy with some options changed; raises ConfigError as the class does."""
        return Recipe(**{**self.get_params(), **options})

    def fit(self, events: Any, catalogue: Any = None, *, progress: Progress = silent) -> Model:
        """Fit every model on events.

        Parameters
        ----------
        events : table or Data
            As `read` takes them, or what it returned; of a `Split` its `train`.
        catalogue : table, optional

        Returns
        -------
        Model
            The same data and options give the same model.

        Raises
        ------
        DataError
            If the tables can't be used.
        """
        data = self._read(events, catalogue, progress)
        return Model(precompute(fit_bundle(data.dataset, self.config, progress=progress), progress=progress))

    def evaluate(
        self,
        events: Any,
        catalogue: Any = None,
        *,
        rivals: Mapping[str, Recipe] = NO_RIVALS,
        progress: Progress = silent,
    ) -> Report:
        """Fit on the events before a cut and ask every placement about those after it, beside best sellers.

        `evaluation__split`, `evaluation__test_days` and their kind say where the cut is; docs/evaluation.md says what
        each split leaks. This is what `alsobought evaluate` does.

        Parameters
        ----------
        events, catalogue
            As in `fit`.
        rivals : mapping, optional
            Name -> other recipes, fitted on the same events and measured on the same cases.

        Raises
        ------
        DataError
            If the tables can't be used, or a side of the split is empty.
        """
        data = self._read(events, catalogue, progress)
        configs = {name: rival.config for name, rival in rivals.items()}
        return Report(evaluate_dataset(data.dataset, self.config, rivals=configs, progress=progress))

    def _read(self, events: Any, catalogue: Any, progress: Progress) -> Data:
        if not isinstance(events, Data):
            return read(events, catalogue, progress=progress, **self.get_params())
        if catalogue is not None:
            raise ConfigError("catalogue: Data that has been read has its catalogue already; give it to read()")
        missing = sorted(set(self.config.event_weights) - set(events.config.event_weights))
        if missing:
            raise DataError(
                f"the data was read without events of the type {missing[0]!r}, which this recipe weighs: "
                f"read(…, event_weights={{{missing[0]!r}: {self.config.event_weights[missing[0]]:g}}})"
            )
        return events

    def __repr__(self) -> str:
        return f"Recipe({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"
